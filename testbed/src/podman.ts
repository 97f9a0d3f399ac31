import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Host, inHost, runInHost } from './host.ts';
import { type Network, startNetwork } from './network.ts';
import { Running, type RunOptions } from './running.ts';

/** What every container sees of this machine, in the place of what an image would bring along. */
const SHARED = ['/usr', '/etc/alternatives', '/etc/openmpi', dirname(dirname(import.meta.dirname))];
/** As Debian has them: root can be logged in to with a key. */
const FILES = {
  passwd: 'root:x:0:0:root:/root:/bin/sh\nsshd:x:105:65534::/run/sshd:/usr/sbin/nologin\n',
  group: 'root:x:0:\nnogroup:x:65534:\n',
  shadow: 'root:*:19000:0:99999:7:::\nsshd:!:19000::::::\n',
  'ssh/sshd_config': '',
};

/** Why there can be no containers here; undefined: there can. */
export function podmanObstacle(): string | undefined {
  if (process.getuid?.() !== 0) return 'it needs root';
  const absent = ['podman', 'runc', 'tar', 'unshare', 'nsenter', 'ip'].filter(
    (command) => spawnSync('sh', ['-c', `command -v ${command}`]).status !== 0,
  );
  return absent.length === 0 ? undefined : `${absent.join(', ')} missing; apt-get install podman runc`;
}

/** A host with Podman, whose images, networks and containers are its own and end with it. */
export class PodmanHost implements AsyncDisposable {
  readonly directory: string;
  readonly #network: Network;

  private constructor(directory: string, network: Network) {
    this.directory = directory;
    this.#network = network;
  }

  /** In about two seconds. `image`: name of the one image it has, whose Node and tools are this machine's. */
  static async start(image: string): Promise<PodmanHost> {
    const directory = mkdtempSync(join(tmpdir(), 'par-podman-'));
    const podman = new PodmanHost(directory, await startNetwork(['hub', 'podman'], directory));
    try {
      // What it keeps outside of its storage.
      for (const place of ['/run', '/dev/shm']) runInHost(podman.#host, ['mount', '-t', 'tmpfs', 'tmpfs', place]);
      podman.#configure();
      await podman.#makeImage(image);
    } catch (error) {
      await podman[Symbol.asyncDispose]();
      throw error;
    }
    return podman;
  }

  get #host(): Host {
    return this.#network.hosts[1]!;
  }

  #configure(): void {
    const { directory } = this;
    const settings = {
      containers: {
        // More than the limits of a process that may not raise its own cannot be asked for.
        default_ulimits: ['nofile=1024:1024', 'nproc=4096:4096'],
        volumes: SHARED.filter(existsSync).map((path) => `${path}:${path}:ro`),
      },
      engine: { cgroup_manager: 'cgroupfs', runtime: 'runc', events_logger: 'none' },
      network: { network_backend: 'netavark', network_config_dir: join(directory, 'networks') },
    };
    const lines = Object.entries(settings).flatMap(([section, values]) => [
      `[${section}]`,
      ...Object.entries(values).map(([name, value]) => `${name} = ${JSON.stringify(value)}`),
    ]);
    writeFileSync(join(directory, 'containers.conf'), `${lines.join('\n')}\n`);
    const places = ['graph', 'run'].map((name) => `${name}root = "${join(directory, name)}"\n`);
    writeFileSync(join(directory, 'storage.conf'), `[storage]\ndriver = "overlay"\n${places.join('')}`);
  }

  async #makeImage(image: string): Promise<void> {
    const base = join(this.directory, 'base');
    for (const name of ['etc/ssh', 'proc', 'root', 'run', 'sys', 'tmp', 'dev', 'var']) {
      mkdirSync(join(base, name), { recursive: true });
    }
    chmodSync(join(base, 'tmp'), 0o1777);
    for (const name of ['bin', 'sbin', 'lib', 'lib64']) symlinkSync(join('usr', name), join(base, name));
    for (const [name, text] of Object.entries(FILES)) writeFileSync(join(base, 'etc', name), text);
    const path = [dirname(process.execPath), '/usr/local/bin', '/usr/sbin', '/usr/bin'].join(':');
    const change = `--change "ENV PATH=${path}"`;
    const { status, stderr } = await this.run(`tar -C ${base} -c . | podman import -q ${change} - ${image}`);
    if (status !== 0) throw new Error(`podman import: ${stderr}`);
  }

  /** Starts a shell command on the host. */
  start(command: string, { env, cwd = this.directory, ...options }: RunOptions = {}): Running {
    const { directory } = this;
    return new Running(inHost(this.#host, ['sh', '-c', command], cwd), {
      ...options,
      env: {
        PATH: process.env.PATH!,
        HOME: directory,
        CONTAINERS_CONF: join(directory, 'containers.conf'),
        CONTAINERS_STORAGE_CONF: join(directory, 'storage.conf'),
        ...env,
      },
    });
  }

  run(command: string, options?: RunOptions): Running['finished'] {
    return this.start(command, options).finished;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#network[Symbol.asyncDispose]();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
