import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { Communicator } from './comm/communicator.ts';
import { worldOf } from './comm/intracomm.ts';
import { type Detection, detect } from './detect/index.ts';
import { ParError, TransportUnavailableError } from './errors.ts';
import { ownProcess, type PeerLossPolicy } from './lifecycle.ts';
import { memoryTransports } from './memory/index.ts';
import type { Transport } from './transport/index.ts';

/** What a transport package exports as `createTransport`. It reads what it needs from `env` and removes secrets from it. */
export type TransportFactory = (detection: Detection, env: NodeJS.ProcessEnv) => Promise<Transport>;

export interface InitOptions {
  /**
   * `auto` (default): what the launcher's environment asks for, sockets where that is MPI and none can be used. Or a factory of
   * your own.
   */
  transport?: 'auto' | 'memory' | 'tcp' | 'mpi' | TransportFactory | undefined;
  /** What the loss of another rank does to this one. Default `abort`. Under `par run` the launcher decides: `reject`. */
  onPeerLoss?: PeerLossPolicy | undefined;
}

let world: Promise<Communicator> | undefined;

/**
 * The communicator of all ranks of this job; a program started alone is rank 0 of 1. Further calls give the same one.
 * Rejects with PAR_ENVIRONMENT when the launcher's variables contradict each other and in a worker thread, with
 * PAR_TRANSPORT when the transport cannot start.
 */
export function init(options: InitOptions = {}): Promise<Communicator> {
  world ??= start(options);
  return world;
}

async function start({ transport: choice = 'auto', onPeerLoss }: InitOptions): Promise<Communicator> {
  const detection = detect(process.env);
  const factory = typeof choice === 'function' ? choice : undefined;
  const name = typeof choice === 'function' ? 'custom' : choice === 'auto' ? detection.transport : choice;
  if (name === 'memory') {
    if (detection.size !== 1) {
      throw new ParError(
        'PAR_ENVIRONMENT',
        `init: the in-memory transport has one rank, but ${detection.row} says ${detection.size ?? 'more'}; leave out { transport: 'memory' }`,
      );
    }
    const transport = memoryTransports(1)[0]!;
    return worldOf(transport, ownProcess(transport, 'reject', 'ranks'));
  }
  if (factory === undefined && inWorkerThread()) {
    throw new ParError(
      'PAR_ENVIRONMENT',
      'init: called in a worker thread, but a rank is a process: call init in its main thread and hand data to the worker with postMessage',
    );
  }
  const transport = await (factory ? factory(detection, process.env) : named(name, choice, detection));
  const ours = detection.row === 'par';
  const policy = onPeerLoss ?? (ours ? 'reject' : 'abort');
  return worldOf(transport, ownProcess(transport, policy, ours ? 'launcher' : 'ranks'));
}

/** Loading `node:worker_threads` for its `isMainThread` would take a tenth of what a rank needs to start. */
function inWorkerThread(): boolean {
  try {
    process.chdir('.');
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ERR_WORKER_UNSUPPORTED_OPERATION';
  }
}

/**
 * A transport by name. Where only the launcher suggests MPI, and there is none that can be used, sockets do: the launcher can
 * pass a secret too.
 */
async function named(name: string, choice: InitOptions['transport'], detection: Detection): Promise<Transport> {
  const { env } = process;
  const suggested = choice === 'auto' && (!env.PAR_TRANSPORT || env.PAR_TRANSPORT === 'auto');
  const start = async (transport: string): Promise<Transport> => (await load(transport))(detection, env);
  if (name !== 'mpi' || !suggested) return start(name);
  try {
    return await start(name);
  } catch (error) {
    if (!(error instanceof TransportUnavailableError)) throw error;
    if (!(error instanceof NotInstalledError) && detection.rank === 0) {
      process.stderr.write(`par: ${error.message}\npar: until then, the ranks talk over sockets\n`);
    }
    return start('tcp');
  }
}

class NotInstalledError extends TransportUnavailableError {}

/**
 * The package of a transport. It is an optional neighbour, found from the program's own folder first (package managers
 * that isolate dependencies hide it from this file), and where a launcher says it has one.
 */
async function load(name: string): Promise<TransportFactory> {
  const specifier = `@par/transport-${name}`;
  const tried: string[] = [];
  for (const place of [process.argv[1] && pathToFileURL(process.argv[1]).href, import.meta.url]) {
    if (!place) continue;
    try {
      const found = createRequire(place).resolve(specifier);
      return factoryOf(await import(pathToFileURL(found).href), specifier);
    } catch (error) {
      if (!isMissing(error)) throw error;
      tried.push(place);
    }
  }
  const given = process.env.PAR_TRANSPORT === name ? process.env.PAR_TRANSPORT_MODULE : undefined;
  if (given) return factoryOf(await import(given), given);
  throw new NotInstalledError(
    `init: ${specifier} is not installed (looked from ${tried.join(' and ')}); run: npm install ${specifier}`,
  );
}

function isMissing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND';
}

function factoryOf(module: { createTransport?: TransportFactory }, specifier: string): TransportFactory {
  if (module.createTransport) return module.createTransport;
  throw new ParError('PAR_TRANSPORT', `init: ${specifier} has no export named createTransport`);
}
