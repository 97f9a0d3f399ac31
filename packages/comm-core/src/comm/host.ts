import type { Context, Transport } from '../transport/index.ts';

/** What the collective and topology functions need to know of the communicator they run on. */
export interface CollectiveHost {
  readonly context: Context;
  /** Intercommunicators only: a context of the own group, whose `collective` space belongs to this communicator alone. */
  readonly local?: Context;
  readonly transport: Transport;
  /** Name of the communicator, for messages. */
  readonly name: string;
  /**
   * Tag of the next collective on this communicator: the same on every rank because all call in the same order. Take it
   * synchronously, before the first await, so that several collectives may be in flight. Throws PAR_FREED after `free`.
   */
  nextTag(): number;
}
