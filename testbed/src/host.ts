import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

/** How a test finds a host again, also from another process. */
export interface HostRecord {
  readonly name: string;
  readonly address: string;
  /** First process of the host, as its creator sees it. */
  readonly pid: number;
  /** Whether its processes end with it. */
  readonly contained: boolean;
  /** Number of the core that is its own. */
  readonly core: number;
}

/** A command and what it needs to run inside a host. */
export interface Command {
  readonly command: string;
  readonly args: string[];
}

/**
 * A command line that runs `args` inside a host. In one that is not contained, the process that is started becomes the program
 * itself: signals reach it.
 */
export function inHost({ pid, contained }: HostRecord, args: readonly string[], cwd = process.cwd()): Command {
  const spaces = ['--net', '--uts', '--mount', '--ipc', ...(contained ? ['--pid'] : [])];
  return { command: 'nsenter', args: ['--target', `${pid}`, ...spaces, `--wdns=${cwd}`, '--', ...args] };
}

/**
 * The same on the one core that the host has. Hosts that each took all cores of the machine for theirs would have their ranks poll
 * where they outnumber the cores.
 */
export function onCoreOf(host: HostRecord, args: readonly string[]): Command {
  return inHost(host, ['taskset', '--cpu-list', `${host.core}`, ...args]);
}

/** Runs a short command of the system inside a host and throws with what it said when it fails. */
export function runInHost(host: HostRecord, args: readonly string[]): void {
  const { command, args: all } = inHost(host, args);
  must(command, all);
}

/** Where programs on hosts keep what Node has compiled, too: the tests start thousands of processes of the same modules. */
export function compileCache(): Record<string, string> {
  const { NODE_COMPILE_CACHE } = process.env;
  return NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE };
}

function must(command: string, args: readonly string[], input?: string): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8', input });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr.trim()}`);
}

/** Paths of files that a host sees in other places. */
export interface HostFiles {
  readonly hosts: string;
  readonly bootId: string;
}

type HostTraits = Omit<HostRecord, 'pid'>;

/** A virtual host: network, host name, shared memory, mounts and (when contained) processes of its own; the file system is shared. */
export class Host implements HostRecord, AsyncDisposable {
  readonly name: string;
  readonly address: string;
  readonly contained: boolean;
  readonly core: number;
  readonly pid: number;
  readonly #holder: ChildProcess;
  readonly #ended: Promise<unknown>;

  private constructor({ name, address, contained, core }: HostTraits, holder: ChildProcess, pid: number) {
    this.name = name;
    this.address = address;
    this.contained = contained;
    this.core = core;
    this.pid = pid;
    this.#holder = holder;
    this.#ended = holder.exitCode === null ? once(holder, 'exit') : Promise.resolve();
  }

  /**
   * `files` is what it sees instead: as /etc/hosts, and as the identity of its boot, by which libraries tell machines apart. It lives
   * until its stdin closes: at the latest when this process ends.
   */
  static async start(traits: HostTraits, files: HostFiles): Promise<Host> {
    const { name, contained } = traits;
    const script = [
      `hostname ${name}`,
      'mount --bind "$1" /etc/hosts',
      'mount --bind "$2" /proc/sys/kernel/random/boot_id',
      // What MPI libraries name there by host and job must not meet that of another network of hosts.
      'mount -t tmpfs tmpfs /dev/shm',
      'ip link set lo up',
      'echo up',
      'read -r _',
    ].join(' && ');
    const holder = spawn(
      'unshare',
      [
        '--net',
        '--uts',
        '--mount',
        '--ipc',
        ...(contained ? ['--pid', '--fork', '--kill-child', '--mount-proc'] : []),
        'bash', // as the first process it reaps orphans, which sh does not
        '-c',
        script,
        'host',
        files.hosts,
        files.bootId,
      ],
      { stdio: ['pipe', 'pipe', 'pipe'] },
    );
    let said = '';
    holder.stderr!.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const [outcome] = (await Promise.race([once(holder.stdout!, 'data'), once(holder, 'exit')])) as [unknown];
    if (!Buffer.isBuffer(outcome)) throw new Error(`host ${name} did not start: ${said.trim() || outcome}`);
    const pid = contained ? childOf(holder.pid!) : holder.pid!;
    return new Host(traits, holder, pid);
  }

  /** Ends it; when it is contained, with every process in it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#holder.stdin!.end();
    await this.#ended;
  }
}

function childOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1'));
}

/** Connects hosts with cables to a switch that is in the first of them, which is not contained. */
export function connect([hub, ...others]: readonly [Host, ...Host[]]): void {
  const cables = others.flatMap(({ name, pid }) => [
    `link add to-${name} type veth peer name eth0 netns ${pid}`,
    `link set to-${name} master eth0 up`,
  ]);
  const plug = ({ address }: Host): string[] => [`addr add ${address}/24 dev eth0`, 'link set eth0 up'];
  ip(hub, ['link add eth0 type bridge', ...plug(hub), ...cables]);
  for (const host of others) ip(host, plug(host));
}

/** Several commands of `ip` on a host, as one process. */
function ip(host: HostRecord, commands: readonly string[]): void {
  const { command, args } = inHost(host, ['ip', '-batch', '-']);
  must(command, args, commands.join('\n'));
}

/** Pulls a host's cable out of the switch in `hub`, or puts it back. */
export function setCable(hub: HostRecord, host: HostRecord, state: 'up' | 'down'): void {
  runInHost(hub, ['ip', 'link', 'set', `to-${host.name}`, state]);
}
