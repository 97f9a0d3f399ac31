import { type ExecFileException, execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cpus, freemem, hostname, release, totalmem, type } from 'node:os';
import { availableCores, detect, ParError } from '@par/comm-core';
import type { Candidate, Launcher } from '@par/transport-mpi/build';
import { fit } from '../mpi/choose.ts';
import { findMpiPackage, type MpiTools } from '../mpi/package.ts';

/** How long an MPI gets to start in one process. */
const PROBE_MS = 20_000;

/** Runs in a process of its own, since a broken MPI may end its process: loads an addon and asks its library. */
const PROBE = `
const native = process.getBuiltinModule('module').createRequire(process.cwd() + '/')(process.argv[1]);
const { library, version, threadLevel } = native.init();
process.stdout.write('par-probe ' + JSON.stringify({ library: library.split('\\n')[0].replace(/\\s+/g, ' ').trim(), version, threadLevel }) + '\\n', () => native.finalize());
`;

export interface AddonReport {
  readonly path: string;
  readonly origin: string;
  readonly builtFor: string | undefined;
  /** What the library says of itself; undefined when it does not load. */
  readonly mpi: { readonly library: string; readonly version: string; readonly threadLevel: string } | undefined;
  readonly problem: string | undefined;
  /** Launchers whose ranks it can be. */
  readonly launchers: readonly string[];
}

/** The addon that fits a launcher best, and how well. */
export interface LauncherMatch {
  readonly addon: string | undefined;
  readonly match: 'same release' | 'other release' | 'perhaps' | 'none';
}

export interface DoctorReport {
  readonly par: { readonly version: string; readonly path: string };
  readonly node: { readonly version: string; readonly path: string };
  readonly os: { readonly name: string; readonly host: string; readonly container: boolean; readonly root: boolean };
  readonly cores: { readonly available: number; readonly total: number };
  /** Bytes. */
  readonly memory: { readonly free: number; readonly total: number };
  readonly detection:
    | { readonly row: string; readonly transport: string; readonly reason: string }
    | { readonly problem: string };
  readonly tcp: boolean;
  /** Where @par/transport-mpi is; undefined when it is not installed. */
  readonly mpi: string | undefined;
  readonly addons: readonly AddonReport[];
  readonly wrappers: readonly {
    readonly path: string;
    readonly library: string | undefined;
    readonly problem: string | undefined;
    readonly built: boolean;
  }[];
  readonly launchers: readonly (Launcher & LauncherMatch)[];
}

/** Everything a bug report needs. Starts every MPI once, each in a process of its own. */
export async function examine(version: string, env: NodeJS.ProcessEnv): Promise<DoctorReport> {
  const found = findMpiPackage('.');
  const tools = found && ((await import(found.build)) as MpiTools);
  const candidates = tools?.discoverAddons(env) ?? [];
  const launchers = tools?.discoverLaunchers(env) ?? [];
  const probes = candidates.map((candidate) => probe(candidate, launchers, env));
  const { found: usable, bad } = tools?.discoverWrappers(env) ?? { found: [], bad: [] };
  return {
    par: { version, path: process.argv[1] ?? '' },
    node: { version: process.versions.node, path: process.execPath },
    os: {
      name: `${type()} ${release()} ${process.arch}`,
      host: hostname(),
      container: existsSync('/.dockerenv') || existsSync('/run/.containerenv'),
      root: process.getuid?.() === 0,
    },
    cores: { available: availableCores(), total: cpus().length },
    memory: { free: freemem(), total: totalmem() },
    detection: detection(env),
    tcp: isInstalled('@par/transport-tcp'),
    mpi: found?.module,
    addons: await Promise.all(probes),
    wrappers: [
      ...usable.map(({ path, library, identity }) => {
        const built = candidates.some(({ build }) => build?.identity === identity);
        return { path, library, problem: undefined, built };
      }),
      ...bad.map(({ path, problem }) => ({ path, library: undefined, problem, built: false })),
    ],
    launchers: launchers.map((launcher) => ({ ...launcher, ...matchOf(launcher, candidates) })),
  };
}

function isInstalled(name: string): boolean {
  try {
    import.meta.resolve(name);
    return true;
  } catch {
    return false;
  }
}

function detection(env: NodeJS.ProcessEnv): DoctorReport['detection'] {
  try {
    const { row, transport, considered } = detect(env);
    return { row, transport, reason: considered.find(({ chosen }) => chosen)?.reason ?? '' };
  } catch (error) {
    if (error instanceof ParError) return { problem: error.message };
    throw error;
  }
}

const MATCHES = ['none', 'perhaps', 'other release', 'same release'] as const;

function matchOf(launcher: Launcher, candidates: readonly Candidate[]): LauncherMatch {
  const fits = candidates.map((candidate) => fit(candidate, launcher));
  const best = Math.max(0, ...fits);
  return { addon: best === 0 ? undefined : candidates[fits.indexOf(best as 1)]?.path, match: MATCHES[best]! };
}

function probe(candidate: Candidate, launchers: readonly Launcher[], env: NodeJS.ProcessEnv): Promise<AddonReport> {
  const { path, origin, build } = candidate;
  // Alone, whoever started par: nothing that says otherwise.
  const alone = Object.entries(env).filter(([name]) => !/^(OMPI_|PMI|PMIX_|PRTE_|SLURM_|HYDI_)/.test(name));
  const options = { timeout: PROBE_MS, killSignal: 'SIGKILL', env: Object.fromEntries(alone) } as const;
  return new Promise((resolve) => {
    execFile(process.execPath, ['-e', PROBE, path], options, (error, stdout, stderr) => {
      const answer = /^par-probe (.*)$/m.exec(stdout)?.[1];
      resolve({
        path,
        origin,
        builtFor: build?.library,
        mpi: answer === undefined ? undefined : (JSON.parse(answer) as NonNullable<AddonReport['mpi']>),
        problem: answer === undefined ? problemOf(error, stderr) : undefined,
        launchers: launchers.filter((launcher) => fit(candidate, launcher) > 0).map((launcher) => launcher.path),
      });
    });
  });
}

function problemOf(error: ExecFileException | null, stderr: string): string {
  if (error?.killed) return `its MPI did not start within ${PROBE_MS / 1000} s`;
  const words = stderr.split('\n').find((line) => /error|cannot|symbol/i.test(line)) ?? stderr.trim();
  return words || `ended with ${error?.signal ?? error?.code ?? 0}`;
}

/** Whether ranks can talk at all. */
export function isWell({ tcp, addons }: DoctorReport): boolean {
  return tcp || addons.some(({ mpi, launchers }) => mpi !== undefined && launchers.length > 0);
}
