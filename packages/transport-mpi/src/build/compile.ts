import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ParError } from '@par/comm-core';
import { ADDON, type BuildRecord, packageFolder, RECORD } from '../addon/candidates.ts';
import type { Wrapper } from './wrappers.ts';

/** A finished build. */
export interface Built extends BuildRecord {
  readonly path: string;
  /** Whether it was there already. */
  readonly reused: boolean;
  /** The command, for people who want to run it themselves. */
  readonly command: readonly string[];
}

function sources(): string[] {
  const folder = join(packageFolder(), 'native');
  return readdirSync(folder, { encoding: 'utf8', recursive: true })
    .filter((name) => /\.(cc|h)$/.test(name))
    .sort()
    .map((name) => join(folder, name));
}

/** Each a translation unit; what is in folders is included by them. */
function units(): string[] {
  return sources().filter((path) => path.endsWith('.cc') && dirname(path) === join(packageFolder(), 'native'));
}

/** The one command that compiles the addon. */
export function compileCommand(wrapper: Wrapper, output: string): string[] {
  const require = createRequire(import.meta.url);
  const headers = join(dirname(require.resolve('node-api-headers/package.json')), 'include');
  const wrapperHeaders = dirname(require.resolve('node-addon-api/package.json'));
  const darwin = process.platform === 'darwin';
  return [
    wrapper.path,
    ...['-std=c++17', '-O2', '-fPIC', '-shared', '-fvisibility=hidden', '-pthread'],
    ...['-DNAPI_VERSION=9', '-DNAPI_CPP_EXCEPTIONS', '-DNODE_ADDON_API_DISABLE_DEPRECATED'],
    // The C++ bindings that MPI-3 removed: their library may be missing, and nothing here uses them.
    ...['-DOMPI_SKIP_MPICXX', '-DMPICH_SKIP_MPICXX'],
    ...[`-I${headers}`, `-I${wrapperHeaders}`],
    ...units(),
    ...['-o', output],
    ...(darwin ? ['-undefined', 'dynamic_lookup'] : ['-ldl']),
  ];
}

/** Identity of a build: the MPI, and the sources. */
function buildKey(wrapper: Wrapper): string {
  const hash = createHash('sha256').update(wrapper.identity);
  for (const path of sources()) hash.update(readFileSync(path));
  return `${wrapper.family}-${hash.digest('hex').slice(0, 16)}`;
}

/**
 * Compiles the addon for one MPI into a folder of its own below `folder`, unless it is there already. Several processes may
 * build at once: the result appears whole. Throws PAR_TRANSPORT with the compiler's words.
 */
export function buildAddon(wrapper: Wrapper, folder: string, env: NodeJS.ProcessEnv = process.env): Built {
  const target = join(folder, buildKey(wrapper));
  const path = join(target, ADDON);
  const { family, identity, library } = wrapper;
  const record: BuildRecord = { family, identity, library, wrapper: wrapper.path };
  const command = compileCommand(wrapper, path);
  if (existsSync(path)) return { ...record, path, reused: true, command };
  mkdirSync(folder, { recursive: true });
  const making = mkdtempSync(join(folder, '.making-'));
  try {
    const [compiler, ...args] = compileCommand(wrapper, join(making, ADDON));
    const run = spawnSync(compiler!, args, { encoding: 'utf8', env });
    if (run.error || run.status !== 0) {
      throw new ParError(
        'PAR_TRANSPORT',
        `par mpi build: ${wrapper.path} could not compile the addon for ${library}:\n${run.error?.message ?? run.stderr}\n` +
          `The command was: ${command.join(' ')}`,
      );
    }
    writeFileSync(join(making, RECORD), `${JSON.stringify(record, undefined, 2)}\n`);
    chmodSync(making, 0o777 & ~process.umask()); // a temporary directory is private, an installation is for all its users
    publish(making, target);
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
  removeOlder(folder, record, target);
  return { ...record, path, reused: false, command };
}

/** Another process may have finished the same build meanwhile: then its result stands. */
function publish(making: string, target: string): void {
  try {
    renameSync(making, target);
  } catch (error) {
    if (!existsSync(join(target, ADDON))) throw error;
  }
}

/** Builds of the same MPI from other sources: nothing would load them any more. */
function removeOlder(folder: string, { identity }: BuildRecord, keep: string): void {
  for (const name of readdirSync(folder)) {
    const other = join(folder, name);
    const file = join(other, RECORD);
    if (other === keep || !existsSync(file)) continue;
    const record = JSON.parse(readFileSync(file, 'utf8')) as BuildRecord;
    if (record.identity === identity) rmSync(other, { recursive: true, force: true });
  }
}
