import type { ShortBlocks } from '@par/comm-core/transport';
import { PendingCollective } from '../messages/operations.ts';
import { DONE, FAILED, type Handle, ROUND } from '../native.ts';
import type { Progress } from '../progress.ts';

/** Where the blocks of one call arrive: 32-bit lengths, then room for the longest block of each rank. */
interface Inbox {
  readonly memory: Uint8Array;
  readonly lengths: Uint32Array;
}

const LENGTHS = ROUND.ranks * 4;
const WHAT = 'allreduce or allgather of a value';

/** Short blocks of a few ranks in one round of messages (native/rounds.cc). */
export class ShortRounds implements ShortBlocks {
  readonly bytes = ROUND.bytes;
  readonly #progress: Progress;
  readonly #rounds: Handle;
  readonly #rank: number;
  readonly #size: number;
  readonly #owner: object;
  readonly #spare: Inbox[] = [];

  constructor(progress: Progress, rounds: Handle, rank: number, size: number, owner: object) {
    this.#progress = progress;
    this.#rounds = rounds;
    this.#rank = rank;
    this.#size = size;
    this.#owner = owner;
  }

  allgather(block: Uint8Array): Promise<readonly Uint8Array[]> {
    const inbox = this.#spare.pop() ?? newInbox(this.#size);
    const slot = this.#progress.native.valuesRound(this.#rounds, block, block.length, inbox.memory);
    if (slot === DONE) return this.#progress.now(this.#take(inbox, block), 0);
    if (slot === FAILED) return Promise.reject(this.#progress.failure(WHAT));
    return new Promise((resolve, reject) => {
      const done = (): void => resolve(this.#take(inbox, block));
      this.#progress.wait(slot, new PendingCollective(this.#owner, { inbox }, WHAT, done, reject));
    });
  }

  #take(inbox: Inbox, own: Uint8Array): Uint8Array[] {
    const blocks: Uint8Array[] = [];
    for (let rank = 0; rank < this.#size; rank++) {
      const start = LENGTHS + rank * ROUND.bytes;
      blocks.push(rank === this.#rank ? own : inbox.memory.slice(start, start + inbox.lengths[rank]!));
    }
    this.#spare.push(inbox);
    return blocks;
  }
}

function newInbox(size: number): Inbox {
  const memory = new Uint8Array(LENGTHS + size * ROUND.bytes);
  return { memory, lengths: new Uint32Array(memory.buffer, 0, size) };
}
