import { ANY_SOURCE } from '@par/comm-core';
import type { EncodedMessage } from '@par/comm-core/transport';
import type { MpiSpace } from '../messages/space.ts';

/** Tag of control messages; what follows a long value uses tags from 1 on in the same plane. */
const CONTROL_TAG = 0;

/** Names one agreement: equal on every rank that takes part, different from all others under way. */
export type Key = string;

export function keyOf(...parts: readonly (string | number | readonly number[])[]): Key {
  // Loaded on first use: it takes as long to load as this package, and few programs need it.
  const { createHash } = process.getBuiltinModule('node:crypto');
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 22);
}

interface Note {
  readonly key: Key;
  readonly from: number;
  readonly body: unknown;
}

/**
 * Small messages between ranks that agree on something. A receive is posted from the first agreement on; it does not keep
 * the process alive, and messages wait in MPI while nobody here takes part in anything.
 */
export class Control {
  readonly #space: MpiSpace;
  readonly #me: number;
  readonly #waiting = new Map<Key, ((note: Note) => void)[]>();
  readonly #arrived = new Map<Key, Note[]>();
  #listening = false;

  /** `space`: between world ranks. */
  constructor(space: MpiSpace, me: number) {
    this.#space = space;
    this.#me = me;
  }

  async send(worldRank: number, key: Key, body: unknown): Promise<void> {
    const note: Note = { key, from: this.#me, body };
    await this.#space.sendValue([Buffer.from(JSON.stringify(note))], worldRank, CONTROL_TAG, false);
  }

  /** The next message of this key: who sent it and what it says. */
  receive(key: Key): Promise<Note> {
    this.#listen();
    const arrived = this.#arrived.get(key);
    if (arrived) {
      const note = arrived.shift()!;
      if (arrived.length === 0) this.#arrived.delete(key);
      return Promise.resolve(note);
    }
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(key);
      if (waiting) waiting.push(resolve);
      else this.#waiting.set(key, [resolve]);
      this.#space.progress.hold(this);
    });
  }

  #listen(): void {
    if (this.#listening) return;
    this.#listening = true;
    this.#receive();
  }

  #receive(): void {
    const next = this.#space.progress.inBackground(() => this.#space.recvValue(ANY_SOURCE, CONTROL_TAG));
    next.then(
      (message) => {
        this.#deliver(message);
        this.#receive();
      },
      // The transport is closing.
      () => undefined,
    );
  }

  #deliver({ segments }: EncodedMessage): void {
    const note = JSON.parse(Buffer.from(segments[0]!).toString()) as Note;
    const waiting = this.#waiting.get(note.key);
    const resolve = waiting?.shift();
    if (waiting?.length === 0) {
      this.#waiting.delete(note.key);
      if (this.#waiting.size === 0) this.#space.progress.release(this);
    }
    if (resolve) {
      resolve(note);
      return;
    }
    const arrived = this.#arrived.get(note.key);
    if (arrived) arrived.push(note);
    else this.#arrived.set(note.key, [note]);
  }
}
