import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Finished, Launch, type LaunchOptions } from '../../packages/cli/test/launch.ts';
import { compileCache, type Host, inHost, onCoreOf, setCable } from './host.ts';
import { type Network, startNetwork } from './network.ts';

/** Why there can be no such network here; undefined: it can. */
export function sshObstacle(): string | undefined {
  if (process.getuid?.() !== 0) return 'it needs root';
  const absent = ['/usr/sbin/sshd', 'ssh', 'unshare', 'nsenter', 'setpriv', 'taskset', 'ip'].filter(
    (command) => spawnSync('sh', ['-c', `command -v ${command}`]).status !== 0,
  );
  return absent.length === 0 ? undefined : `${absent.join(', ')} missing; apt-get install openssh-server iproute2`;
}

/** A person's own host `laptop`, and hosts that an sshd with keys of its own lets that person into. */
export class SshNetwork implements AsyncDisposable {
  readonly laptop: Host;
  /** `h1`, `h2`, … */
  readonly hosts: readonly Host[];
  readonly directory: string;
  readonly #network: Network;
  readonly #daemons: ChildProcess[] = [];

  private constructor(directory: string, network: Network) {
    this.directory = directory;
    this.#network = network;
    const [laptop, ...hosts] = network.hosts;
    this.laptop = laptop;
    this.hosts = hosts;
  }

  /** In about a second. `others`: hosts without an sshd. */
  static async start(count: number, others: readonly string[] = []): Promise<SshNetwork> {
    const directory = mkdtempSync(join(tmpdir(), 'par-ssh-'));
    const names = Array.from({ length: count }, (_, at) => `h${at + 1}`);
    const started = new SshNetwork(directory, await startNetwork(['laptop', ...names, ...others], directory));
    try {
      started.#writeKeys(names);
      await Promise.all(names.map((name) => started.#startSshd(started.host(name))));
    } catch (error) {
      await started[Symbol.asyncDispose]();
      throw error;
    }
    return started;
  }

  host(name: string): Host {
    return this.hosts.find((host) => host.name === name)!;
  }

  /** The directory that sessions on a host have as TMPDIR. */
  tmp(name: string): string {
    return join(this.directory, `tmp-${name}`);
  }

  /** What reaches the hosts without asking anything. */
  get ssh(): string {
    return `ssh -F ${this.directory}/config`;
  }

  #writeKeys(names: readonly string[]): void {
    const { directory } = this;
    const key = (name: string): string => {
      const path = join(directory, name);
      must('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', path]);
      return readFileSync(`${path}.pub`, 'utf8');
    };
    key('id');
    const known = names.map((name) => `${name},${this.host(name).address} ${key(`key-${name}`)}`);
    writeFileSync(join(directory, 'known_hosts'), known.join(''));
    const settings = [
      `IdentityFile ${directory}/id`,
      'IdentitiesOnly yes',
      `UserKnownHostsFile ${directory}/known_hosts`,
      'GlobalKnownHostsFile none',
      // ssh's first choice costs 50 ms of processor time for each connection.
      'KexAlgorithms curve25519-sha256',
    ];
    writeFileSync(join(directory, 'config'), ['Host *', ...settings, ''].join('\n'));
  }

  async #startSshd(host: Host): Promise<void> {
    const { directory } = this;
    mkdirSync(this.tmp(host.name));
    const home = join(directory, `home-${host.name}`);
    mkdirSync(home);
    mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
    const environment = {
      // A home of its own: start-up files of whoever runs the tests may wait for locks that a killed shell has left behind.
      HOME: home,
      TMPDIR: this.tmp(host.name),
      PAR_TEST_HOST: host.name,
      PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
      ...compileCache(),
    };
    const settings = [
      `ListenAddress ${host.address}`,
      `HostKey ${directory}/key-${host.name}`,
      `AuthorizedKeysFile ${directory}/id.pub`,
      'StrictModes no',
      'UsePAM no',
      'PidFile none',
      'PasswordAuthentication no',
      'PermitRootLogin prohibit-password',
      'MaxStartups 100',
      `SetEnv ${Object.entries(environment)
        .map((entry) => entry.join('='))
        .join(' ')}`,
    ];
    const config = join(directory, `sshd-${host.name}`);
    writeFileSync(config, [...settings, ''].join('\n'));
    const { command, args } = onCoreOf(host, ['/usr/sbin/sshd', '-D', '-e', '-f', config]);
    const daemon = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#daemons.push(daemon);
    let said = '';
    await new Promise<void>((resolve, reject) => {
      daemon.stderr!.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        if (said.includes('Server listening')) resolve();
      });
      daemon.once('exit', () => reject(new Error(`sshd on ${host.name} did not start: ${said}`)));
    });
  }

  /** Breaks or mends the cable of a host: packets vanish, nothing is told to anybody. */
  cable(name: string, state: 'up' | 'down'): void {
    setCable(this.laptop, this.host(name), state);
  }

  /** `par` on the laptop. */
  launch(args: readonly string[], options: LaunchOptions = {}): Launch {
    // Entering a host's mounts leads to its root directory.
    const { command, args: prefix } = inHost(this.laptop, ['env', `--chdir=${options.cwd ?? process.cwd()}`]);
    return new Launch(args, {
      ...options,
      prefix: [command, ...prefix],
      env: { PAR_SSH: this.ssh, ...options.env },
    });
  }

  /** Runs `par` on the laptop to its end and makes sure that nothing of it is left on any host. */
  async par(args: readonly string[], options: LaunchOptions = {}): Promise<Finished> {
    const launch = this.launch(args, options);
    const end = await launch.finished;
    await launch.gone();
    await this.quiet();
    return end;
  }

  /** What runs on a host but its first process and its sshd, whose sessions outlive a cut cable. */
  processes(host: Host): string[] {
    const space = spaceOf(String(host.pid));
    return readdirSync('/proc')
      .filter((pid) => /^\d+$/.test(pid) && Number(pid) !== host.pid && space !== '' && spaceOf(pid) === space)
      .map((pid) => `${pid} ${commandOf(pid)}`)
      .filter((line) => !/^\d+ (sshd: |\/usr\/sbin\/sshd |$)/.test(line));
  }

  /** Waits until hosts have no process and no file of a job any more; throws with what is left. */
  async quiet(hosts: readonly Host[] = this.hosts, ms = 10_000): Promise<void> {
    const deadline = Date.now() + ms;
    for (;;) {
      const left = hosts.flatMap((host) =>
        [...this.processes(host), ...filesIn(this.tmp(host.name))].map((what) => `${host.name}: ${what}`),
      );
      if (left.length === 0) return;
      if (Date.now() > deadline) throw new Error(`left behind: ${left.join('; ')}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#network[Symbol.asyncDispose]();
    for (const daemon of this.#daemons) daemon.kill('SIGKILL');
    rmSync(this.directory, { recursive: true, force: true });
  }
}

function spaceOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return '';
  }
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
}

function filesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return []; // a host without sshd has none
  }
}

function must(command: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr.trim()}`);
}
