import type { Wire } from '../wire/wire.ts';
import type { Exchanges } from './exchanges.ts';
import { type Announcement, sendMessage, type ToRank } from './messages.ts';

export interface Seat {
  readonly wire: Wire;
  readonly exchanges: Exchanges;
  announcement: Announcement | undefined;
  tcp: string | undefined;
  finished: boolean;
  /** All that it said was heard; its socket may be of no use before. */
  left: boolean;
}

/** The channels to the ranks that have joined, those that have left included. */
export class Seats {
  readonly #seats: (Seat | undefined)[];

  constructor(size: number) {
    this.#seats = new Array<Seat | undefined>(size).fill(undefined);
  }

  at(rank: number): Seat | undefined {
    return this.#seats[rank];
  }

  take(rank: number, seat: Seat): void {
    this.#seats[rank] = seat;
  }

  /** In the order of their ranks. */
  *taken(): Generator<[rank: number, Seat]> {
    for (const [rank, seat] of this.#seats.entries()) if (seat !== undefined) yield [rank, seat];
  }

  /** Those of the first `count` ranks that have not said where they are. */
  unannounced(count: number): number[] {
    return this.#seats.slice(0, count).flatMap((seat, rank) => (seat?.announcement === undefined ? [rank] : []));
  }

  broadcast(message: ToRank, except = -1): void {
    for (const [rank, { wire }] of this.taken()) if (rank !== except) sendMessage(wire, message);
  }

  /** Settles when none of these ranks (default: no rank at all) is connected any more, and keeps the process alive until then. */
  async drained(ranks?: readonly number[]): Promise<void> {
    await Promise.all(
      this.#connected(ranks).map(
        ({ wire: { socket } }) =>
          new Promise<void>((resolve) => {
            socket.ref();
            socket.once('close', resolve);
          }),
      ),
    );
  }

  /** Says goodbye to all; settles when that has left. */
  async close(): Promise<void> {
    await Promise.all(
      this.#connected().map((seat) => {
        const { promise, resolve } = Promise.withResolvers<void>();
        seat.finished = true;
        seat.wire.socket.once('close', resolve);
        sendMessage(seat.wire, { type: 'goodbye' });
        seat.wire.socket.end();
        return promise;
      }),
    );
  }

  #connected(ranks?: readonly number[]): Seat[] {
    const seats = ranks === undefined ? this.#seats : ranks.map((rank) => this.#seats[rank]);
    return seats.filter((seat) => seat !== undefined && !seat.left) as Seat[];
  }
}
