import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Family } from '../launcher.ts';

/** What is kept next to a built addon. */
export interface BuildRecord {
  readonly family: Family;
  /** The wrapper that compiled it. */
  readonly wrapper: string;
  /** Names the MPI it was built for: same identity, same addon. */
  readonly identity: string;
  /** The library, in its header's words, such as `Open MPI 4.1.4`. */
  readonly library: string;
}

/** An addon that could be loaded. */
export interface Candidate {
  readonly path: string;
  /** Undefined for one given by path. */
  readonly build: BuildRecord | undefined;
  readonly origin: 'PAR_MPI_ADDON' | 'package' | 'cache' | 'prebuilt';
}

export const ADDON = 'par_mpi.node';
export const RECORD = 'build.json';

/** The package's own folder: this file lies in `src/addon` or, bundled, in `dist`. */
export function packageFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

/** Addons built with the workspace. */
export function localFolder(): string {
  return join(packageFolder(), 'build');
}

/** Addons built by `par mpi build`. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  const cache = env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return join(cache, 'par', 'mpi');
}

function buildsIn(folder: string, origin: Candidate['origin']): Candidate[] {
  if (!existsSync(folder)) return [];
  const found: Candidate[] = [];
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name, ADDON);
    const record = join(folder, name, RECORD);
    if (!existsSync(path) || !existsSync(record)) continue;
    found.push({ path, build: JSON.parse(readFileSync(record, 'utf8')) as BuildRecord, origin });
  }
  return found;
}

/** Every addon there is, in the order of preference: explicit path, local build, cache, prebuilt. */
export function candidates(env: NodeJS.ProcessEnv): Candidate[] {
  if (env.PAR_MPI_ADDON) return [{ path: env.PAR_MPI_ADDON, build: undefined, origin: 'PAR_MPI_ADDON' }];
  const slot = join(packageFolder(), 'prebuilds', `${process.platform}-${process.arch}`);
  return [...buildsIn(localFolder(), 'package'), ...buildsIn(cacheFolder(env), 'cache'), ...buildsIn(slot, 'prebuilt')];
}
