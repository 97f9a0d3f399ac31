import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Command, compileCache, type HostRecord, inHost, onCoreOf, setCable } from './host.ts';
import { startNetwork } from './network.ts';
import { type Finished, Running, type RunOptions } from './running.ts';
import { slurmConfiguration } from './slurm-configuration.ts';

const NODES = ['n1', 'n2', 'n3'] as const;
const READY_MS = 60_000;

/** What a test process needs to know of a running cluster; plain data. */
export interface SlurmRecord {
  /** Holds all files of the cluster; on every host. */
  readonly directory: string;
  /** The host where people work: the one to run srun, sbatch and salloc on. */
  readonly login: HostRecord;
  readonly nodes: readonly HostRecord[];
}

/** A real Slurm of three nodes: slurmctld on the host `login`, slurmd on `n1`, `n2` and `n3`, munge for all. */
export class Slurm {
  readonly record: SlurmRecord;

  constructor(record: SlurmRecord) {
    this.record = record;
  }

  /** Home directory of the cluster's user, shared by all hosts. */
  get home(): string {
    return join(this.record.directory, 'home');
  }

  /** What a person's shell on the login host has: nothing of the environment that the tests run in but PATH, and Node's cache. */
  get env(): Record<string, string> {
    return {
      PATH: process.env.PATH!,
      HOME: this.home,
      SLURM_CONF: join(this.record.directory, 'slurm.conf'),
      ...compileCache(),
    };
  }

  /** A command on the login host; run it with `env`. */
  atLogin(args: readonly string[], cwd?: string): Command {
    return inHost(this.record.login, args, cwd);
  }

  /** Starts a command on the login host. What it started is ended with it: srun ends its step, salloc its job. */
  start(args: readonly string[], options: RunOptions = {}): Running {
    return new Running(this.atLogin(args, options.cwd), { ...options, env: { ...this.env, ...options.env } });
  }

  /** Runs a command on the login host to its end. */
  run(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
    return this.start(args, options).finished;
  }

  node(name: string): HostRecord {
    return this.record.nodes.find((node) => node.name === name)!;
  }

  cable(name: string, state: 'up' | 'down'): void {
    setCable(this.record.login, this.node(name), state);
  }
}

export interface StartedSlurm extends AsyncDisposable {
  readonly record: SlurmRecord;
}

/** Why no cluster can be started here; undefined: it can. */
export function slurmObstacle(): string | undefined {
  if (process.getuid?.() !== 0) return 'it needs root';
  const absent = ['slurmctld', 'slurmd', 'munged', 'unshare', 'nsenter', 'setpriv', 'taskset', 'ip'].filter(
    (command) => spawnSync('sh', ['-c', `command -v ${command}`]).status !== 0,
  );
  return absent.length === 0 ? undefined : `${absent.join(', ')} missing; apt-get install slurm-wlm munge iproute2`;
}

/**
 * Starts a cluster in hosts of its own, in about two seconds. Needs root and Debian's packages slurm-wlm and munge. It ends when it is
 * disposed of, and with the process that started it.
 */
export async function startSlurm(): Promise<StartedSlurm> {
  const directory = mkdtempSync(join(tmpdir(), 'par-slurm-'));
  const network = await startNetwork(['login', ...NODES], directory);
  const [login, ...nodes] = network.hosts;
  const records = [login, ...nodes].map(({ name, address, pid, contained, core }) => ({
    name,
    address,
    pid,
    contained,
    core,
  }));
  const record: SlurmRecord = { directory, login: records[0]!, nodes: records.slice(1) };
  const slurm = new Slurm(record);
  const daemons: ChildProcess[] = [];
  const daemon = (host: HostRecord, args: readonly string[]): void => {
    // In a host that is not contained it would outlive this process.
    const { command, args: all } = onCoreOf(host, ['setpriv', '--pdeathsig', 'KILL', ...args]);
    daemons.push(spawn(command, all, { stdio: 'ignore', env: slurm.env }));
  };
  const stop = async (): Promise<void> => {
    for (const { pid, exitCode } of daemons) if (exitCode === null) process.kill(pid!, 'SIGKILL');
    await Promise.all(daemons.map((child) => child.exitCode ?? child.signalCode ?? once(child, 'exit')));
    await network[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    for (const name of ['state', 'home', ...NODES.flatMap((node) => [`${node}/spool`, `${node}/tmp`])]) {
      mkdirSync(join(directory, name), { recursive: true });
    }
    writeFileSync(join(directory, 'slurm.conf'), slurmConfiguration(directory, login, nodes));
    writeFileSync(join(directory, 'munge.key'), randomBytes(128), { mode: 0o600 });
    daemon(login, ['munged', '--foreground', '--force', ...mungeFiles(directory)]);
    await until(
      'munge answers',
      directory,
      () => ask(slurm, ['munge', '-n', '-S', join(directory, 'munge.socket')]).ok,
    );
    daemon(login, ['slurmctld', '-D', '-c']);
    for (const node of nodes) daemon(node, ['slurmd', '-D', '-N', node.name]);
    await until('three nodes are idle', directory, () => {
      const { ok, stdout } = ask(slurm, ['sinfo', '--noheader', '--Node', '--format', '%T']);
      return ok && stdout === 'idle\n'.repeat(NODES.length);
    });
    return { record, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function mungeFiles(directory: string): string[] {
  const files = { socket: 'socket', 'key-file': 'key', 'pid-file': 'pid', 'log-file': 'log', 'seed-file': 'seed' };
  return Object.entries(files).map(([option, suffix]) => `--${option}=${join(directory, `munge.${suffix}`)}`);
}

function ask(slurm: Slurm, args: readonly string[]): { readonly ok: boolean; readonly stdout: string } {
  const { command, args: all } = slurm.atLogin(args);
  const { status, stdout } = spawnSync(command, all, { env: slurm.env, encoding: 'utf8' });
  return { ok: status === 0, stdout: stdout ?? '' };
}

/** Asks the daemons until they answer as they should: they have no other way to say that they are ready. */
async function until(what: string, directory: string, holds: () => boolean): Promise<void> {
  const deadline = performance.now() + READY_MS;
  while (!holds()) {
    if (performance.now() > deadline)
      throw new Error(`Slurm: waited ${READY_MS / 1000} s until ${what}\n${logs(directory)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function logs(directory: string): string {
  const names = ['munge.log', 'slurmctld.log', ...NODES.map((node) => `${node}/slurmd.log`)];
  return names.map((name) => `== ${name}\n${tail(join(directory, name))}`).join('\n');
}

function tail(path: string): string {
  try {
    return readFileSync(path, 'utf8').split('\n').slice(-20).join('\n');
  } catch (error) {
    return (error as Error).message;
  }
}
