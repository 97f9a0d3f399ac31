import type { Rank } from '../protocol/index.ts';
import type { Receiver } from './inbox.ts';

/** What a worker and clients need of their rank: the way to others. */
export interface Mail {
  readonly rank: Rank;
  readonly size: number;
  readonly host: string;
  /** One number, shared with task threads: the next local number of a client of this rank. */
  readonly locals: Int32Array<SharedArrayBuffer>;
  /** A number for a question of this rank to another one, never given before. */
  nextRequest(): number;
  /** Queues a record. */
  post(dest: Rank, tag: number, record: unknown): void;
  /** Hands over every record of the tag, batch by batch, with its source. `source`: default any. */
  receive<T>(tag: number, receiver: Receiver<T>, source?: Rank): void;
  /** Is told of ranks that are lost, when records for them cannot be sent. */
  onUndelivered(listener: (dest: Rank, error: Error) => void): void;
}
