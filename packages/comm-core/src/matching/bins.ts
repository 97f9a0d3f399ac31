import type { Message } from './message.ts';
import { Queue } from './queue.ts';
import type { Receive } from './receive.ts';

/** Smallest table. */
const SLOTS = 32;

/** Everything with one (source, tag): receives that wait, or messages that do. Never both: they would have matched. */
export class Bin {
  readonly source: number;
  readonly tag: number;
  /** Chain of the hash table. */
  chained: Bin | undefined = undefined;
  readonly posted = new Queue<Receive>();
  first: Message | undefined = undefined;
  private last: Message | undefined = undefined;

  constructor(source: number, tag: number) {
    this.source = source;
    this.tag = tag;
  }

  get empty(): boolean {
    return this.posted.head === undefined && this.first === undefined;
  }

  add(message: Message): void {
    const last = this.last;
    message.bin = this;
    message.olderInBin = last;
    if (last === undefined) this.first = message;
    else last.newerInBin = message;
    this.last = message;
  }

  remove(message: Message): void {
    const { olderInBin, newerInBin } = message;
    if (olderInBin === undefined) this.first = newerInBin;
    else olderInBin.newerInBin = newerInBin;
    if (newerInBin === undefined) this.last = olderInBin;
    else newerInBin.olderInBin = olderInBin;
    message.olderInBin = undefined;
    message.newerInBin = undefined;
    message.bin = undefined;
  }
}

/**
 * Hash table of bins by (source, tag). Empty bins stay, because the next message of a stream has the same key, until the
 * table is full; then they are swept out before it grows.
 */
export class Bins {
  private slots: (Bin | undefined)[] = new Array<Bin | undefined>(SLOTS).fill(undefined);
  private count = 0;
  /** The bin used last; at first one that no source has. */
  private recent = new Bin(Number.MIN_SAFE_INTEGER, 0);

  find(source: number, tag: number): Bin | undefined {
    const recent = this.recent;
    if (recent.source === source && recent.tag === tag) return recent;
    let bin = this.slots[slotOf(source, tag, this.slots.length)];
    while (bin !== undefined) {
      if (bin.source === source && bin.tag === tag) {
        this.recent = bin;
        return bin;
      }
      bin = bin.chained;
    }
    return undefined;
  }

  /** The bin, made when there is none. Use it before the next call: an empty one may be swept then. */
  at(source: number, tag: number): Bin {
    return this.find(source, tag) ?? this.insert(new Bin(source, tag));
  }

  *[Symbol.iterator](): Generator<Bin> {
    for (const slot of [...this.slots]) {
      for (let bin = slot; bin !== undefined; bin = bin.chained) yield bin;
    }
  }

  private insert(bin: Bin): Bin {
    if (this.count >= this.slots.length) this.rehash();
    this.chain(bin);
    this.recent = bin;
    return bin;
  }

  private chain(bin: Bin): void {
    const slot = slotOf(bin.source, bin.tag, this.slots.length);
    bin.chained = this.slots[slot];
    this.slots[slot] = bin;
    this.count++;
  }

  private rehash(): void {
    const kept: Bin[] = [];
    for (const slot of this.slots) {
      for (let bin = slot; bin !== undefined; bin = bin.chained) if (!bin.empty) kept.push(bin);
    }
    let length = SLOTS;
    while (length < kept.length * 2) length *= 2;
    if (length === this.slots.length) this.slots.fill(undefined);
    else this.slots = new Array<Bin | undefined>(length).fill(undefined);
    this.count = 0;
    for (const bin of kept) this.chain(bin);
  }
}

function slotOf(source: number, tag: number, slots: number): number {
  const mixed = Math.imul(source, 0x9e3779b1) ^ Math.imul(tag, 0x85ebca6b);
  return (mixed ^ (mixed >>> 15)) & (slots - 1);
}
