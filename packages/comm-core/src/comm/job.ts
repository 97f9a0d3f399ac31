import { hostname } from 'node:os';
import { AbortedError, ParError } from '../errors.ts';
import type { Context, Transport } from '../transport/index.ts';
import type { CollectiveHost } from './host.ts';

/** Tags of the collective plane go round here: MPI guarantees none above 32767. */
const COLLECTIVE_TAGS = 32_000;

/** What all communicators of one world share. */
export interface Job {
  readonly transport: Transport;
  /** Ends this process; a job whose ranks share a process (the in-memory transport) throws instead. */
  exit(status: number, reason: string): never;
}

/** A job whose ranks are objects of one process: an abort ends the job's operations, not the process. */
export function jobInProcess(transport: Transport): Job {
  return {
    transport,
    exit(status, reason) {
      throw new AbortedError(status, reason);
    },
  };
}

/** Host of this rank, as the transport knows it. */
export function processorName(transport: Transport): string {
  return transport.hosts[transport.world.rank] ?? hostname();
}

/** Exit status of `abort(code)`: one byte, never success. */
export function abortStatus(code: number): number {
  return Math.trunc(code) & 255 || 1;
}

/** The collective side of one communicator: its tag sequence and its end. */
export class HostState implements CollectiveHost {
  readonly context: Context;
  readonly transport: Transport;
  readonly local?: Context;
  freed = false;
  #name: string;
  #sequence = 0;

  constructor(transport: Transport, context: Context, name: string, local?: Context) {
    this.transport = transport;
    this.context = context;
    this.#name = name;
    if (local) this.local = local;
    context.rename?.(name);
  }

  get name(): string {
    return this.#name;
  }
  set name(name: string) {
    this.#name = name;
    this.context.rename?.(name);
  }

  nextTag(): number {
    this.checkUsable();
    const tag = this.#sequence;
    this.#sequence = tag + 1 === COLLECTIVE_TAGS ? 0 : tag + 1;
    return tag;
  }

  checkUsable(): void {
    if (this.freed) throw new ParError('PAR_FREED', `${this.name}: this communicator was freed`);
  }
}
