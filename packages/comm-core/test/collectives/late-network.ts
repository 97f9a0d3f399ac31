import type { Call } from '../../src/collectives/call.ts';
import type { CollectiveHost } from '../../src/comm/host.ts';
import { ELEMENT_BYTES } from '../../src/datatype/index.ts';
import { cancelled, MismatchError, TruncationError } from '../../src/errors.ts';
import type {
  BufferEnvelope,
  BufferView,
  Context,
  EncodedMessage,
  MatchingSpace,
  Transport,
} from '../../src/transport/index.ts';

interface Sent {
  readonly source: number;
  readonly tag: number;
  readonly payload: readonly Uint8Array[];
  readonly type: BufferView['type'] | 'value';
  settle(): void;
}

interface Posted {
  readonly source: number;
  readonly tag: number;
  accept(message: Sent): void;
}

/**
 * A network for tests that takes every liberty the transport contract allows. A send settles only after it was matched and
 * its memory is read at the last moment; messages of different pairs arrive in a random order (those of one pair keep
 * theirs). It refuses to receive into memory that is still
 * being sent. So an algorithm that changes memory too early, relies on a send being buffered, or on messages of different
 * ranks arriving in some order, fails here although it works where messages are small and fast.
 */
export class LateNetwork {
  readonly #random: () => number;
  readonly #channels = new Map<string, { dest: string; queue: Sent[] }>();
  readonly #arrived = new Map<string, Sent[]>();
  readonly #posted = new Map<string, Posted[]>();
  #settling: (() => void)[] = [];
  #scheduled = false;
  /** Memory each world rank has lent to sends that have not settled. */
  readonly lent = new Map<number, Set<readonly Uint8Array[]>>();
  /** Messages sent so far, for tests of how many an algorithm needs. */
  messages = 0;
  /** Bytes sent so far. */
  bytes = 0;

  constructor(seed = 1) {
    this.#random = generator(seed);
  }

  /** The matching space of one rank in a context of this name; messages go to and come from `peers` (world ranks). */
  space(context: string, self: number, peers: readonly number[]): MatchingSpace {
    const inbox = (rank: number) => `${context}/${rank}`;
    const send = (
      payload: readonly Uint8Array[],
      type: Sent['type'],
      dest: number,
      tag: number,
      signal?: AbortSignal,
    ) =>
      new Promise<void>((resolve, reject) => {
        signal?.addEventListener('abort', () => reject(cancelled(signal, 'send')));
        this.messages += 1;
        this.bytes += payload.reduce((sum, segment) => sum + segment.length, 0);
        const to = inbox(peers[dest]!);
        const channel = this.#channels.get(`${self}>${to}`) ?? { dest: to, queue: [] };
        this.#channels.set(`${self}>${to}`, channel);
        const lent = this.lent.get(self) ?? new Set();
        this.lent.set(self, lent.add(payload));
        const settle = () => {
          lent.delete(payload);
          resolve();
        };
        channel.queue.push({ source: self, tag, payload, type, settle });
        this.#schedule();
      });
    const recv = <R>(source: number, tag: number, signal: AbortSignal | undefined, take: (message: Sent) => R) =>
      new Promise<R>((resolve, reject) => {
        const posted: Posted = {
          source: peers[source]!,
          tag,
          accept: (message) => {
            try {
              resolve(take(message));
            } catch (error) {
              reject(error);
            }
            this.#settling.push(message.settle);
          },
        };
        const list = this.#posted.get(inbox(self)) ?? [];
        this.#posted.set(inbox(self), list);
        list.push(posted);
        signal?.addEventListener('abort', () => {
          if (list.includes(posted)) list.splice(list.indexOf(posted), 1);
          reject(cancelled(signal, 'recv'));
        });
        this.#schedule();
      });
    const refuse = () => {
      throw new Error('collectives do not probe');
    };
    return {
      sendValue: (segments, dest, tag, _synchronous, signal) => send(segments, 'value', dest, tag, signal),
      sendBuffer: (from, dest, tag, _synchronous, signal) => send([from.bytes], from.type, dest, tag, signal),
      recvValue: (source, tag, signal) =>
        recv<EncodedMessage>(source, tag, signal, (message) => {
          if (message.type !== 'value') throw new MismatchError('a buffer met a value receive');
          const segments = message.payload.map((segment) => segment.slice());
          return { source, tag, bytes: segments.reduce((sum, segment) => sum + segment.length, 0), segments };
        }),
      recvBuffer: (into, source, tag, signal) =>
        recv<BufferEnvelope>(source, tag, signal, ({ type, payload }) => {
          if (type === 'value') throw new MismatchError('a value met a buffer receive');
          if (type !== into.type && type !== 'bytes' && into.type !== 'bytes') {
            throw new MismatchError(`${type} met ${into.type}`);
          }
          const bytes = payload[0]!;
          for (const sending of this.lent.get(self) ?? []) {
            if (overlap(sending[0]!, into.bytes))
              throw new Error(`rank ${self} receives into memory it is still sending`);
          }
          if (bytes.length > into.bytes.length) throw new TruncationError(bytes.length, into.bytes.length, 'recv');
          into.bytes.set(bytes);
          return { source, tag, bytes: bytes.length, count: bytes.length / ELEMENT_BYTES[into.type] };
        }),
      probe: refuse,
      iprobe: refuse,
      mprobe: refuse,
      improbe: refuse,
    };
  }

  /** What is left over: messages nobody received and receives nobody answered. */
  leftovers(): number {
    let count = 0;
    for (const { queue } of this.#channels.values()) count += queue.length;
    for (const list of [...this.#arrived.values(), ...this.#posted.values()]) count += list.length;
    return count;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#step();
    });
  }

  #step(): void {
    const settling = this.#settling;
    this.#settling = [];
    for (const settle of settling) settle();
    for (const { dest, queue } of this.#channels.values()) {
      // About every second channel rests in a step, so that any order between pairs comes about.
      while (queue.length > 0 && this.#random() < 0.6) {
        const arrived = this.#arrived.get(dest) ?? [];
        this.#arrived.set(dest, arrived);
        arrived.push(queue.shift()!);
      }
    }
    for (const [inbox, arrived] of this.#arrived) this.#match(arrived, this.#posted.get(inbox) ?? []);
    const busy = this.#settling.length > 0 || [...this.#channels.values()].some(({ queue }) => queue.length > 0);
    if (busy) this.#schedule();
  }

  #match(arrived: Sent[], posted: Posted[]): void {
    for (let i = 0; i < posted.length; ) {
      const { source, tag } = posted[i]!;
      const at = arrived.findIndex((message) => message.source === source && message.tag === tag);
      if (at < 0) {
        i += 1;
        continue;
      }
      const [receive] = posted.splice(i, 1);
      const [message] = arrived.splice(at, 1);
      receive!.accept(message!);
    }
  }
}

function overlap(a: Uint8Array, b: Uint8Array): boolean {
  if (a.buffer !== b.buffer || a.length === 0 || b.length === 0) return false;
  return a.byteOffset < b.byteOffset + b.length && b.byteOffset < a.byteOffset + a.length;
}

/** Mulberry32: the same numbers for the same seed. */
export function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The same call on every rank of a group, for running an algorithm by itself. */
export function callsOn(network: LateNetwork, size: number, tag = 0): Call[] {
  const ranks = Array.from({ length: size }, (_, rank) => rank);
  return ranks.map((rank) => ({
    operation: 'test',
    where: 'test',
    space: network.space('world', rank, ranks),
    rank,
    size,
    remoteSize: undefined,
    tag,
    signal: undefined,
  }));
}

/**
 * Runs an algorithm on every rank and checks that it left nothing behind: every message it sent was received, and it did
 * not return before its sends had settled. The results in rank order.
 */
export async function onEveryRank<R>(
  size: number,
  run: (call: Call) => Promise<R>,
  network: LateNetwork = new LateNetwork(size),
): Promise<R[]> {
  const results = await Promise.all(
    callsOn(network, size).map(async (call) => {
      const result = await run(call);
      const unsettled = network.lent.get(call.rank)?.size ?? 0;
      if (unsettled > 0) throw new Error(`rank ${call.rank} returned before ${unsettled} of its sends had settled`);
      return result;
    }),
  );
  if (network.leftovers() > 0) throw new Error(`${network.leftovers()} messages or receives were left over`);
  return results;
}

/** The hosts of a world on such a network, one for each rank, for calling the collectives as a communicator does. */
export function worldOn(network: LateNetwork, size: number): CollectiveHost[] {
  const ranks = Array.from({ length: size }, (_, rank) => rank);
  return ranks.map((rank) => hostOf(contextOn(network, 'world', rank, ranks, undefined)));
}

function hostOf(context: Context, local?: Context): CollectiveHost {
  let tag = 0;
  const name = local === undefined ? 'world' : 'between';
  return { context, ...(local && { local }), transport: transportOf(context), name, nextTag: () => tag++ };
}

/** Hosts of an intercommunicator between ranks 0…a−1 and the b ranks after them: one list for each group. */
export function groupsOn(network: LateNetwork, a: number, b: number): [CollectiveHost[], CollectiveHost[]] {
  const left = Array.from({ length: a }, (_, rank) => rank);
  const right = Array.from({ length: b }, (_, rank) => a + rank);
  const hosts = (own: number[], other: number[]) =>
    own.map((world) =>
      hostOf(contextOn(network, 'between', world, own, other), contextOn(network, 'local', world, own, undefined)),
    );
  return [hosts(left, right), hosts(right, left)];
}

function contextOn(
  network: LateNetwork,
  name: string,
  world: number,
  ranks: readonly number[],
  remoteRanks: readonly number[] | undefined,
): Context {
  const refuse = () => {
    throw new Error('not part of this network');
  };
  const peers = remoteRanks ?? ranks;
  return {
    ...network.space(name, world, peers),
    collective: network.space(`${name} (collective)`, world, peers),
    rank: ranks.indexOf(world),
    size: ranks.length,
    ranks,
    remoteRanks,
    native: undefined,
    derive: refuse,
    connect: refuse,
    merge: refuse,
    free: refuse,
  };
}

function transportOf(world: Context): Transport {
  return {
    name: 'late',
    capabilities: { detectsMismatch: true, survivesPeerLoss: false },
    hosts: world.ranks.map(() => 'here'),
    world,
    pending: () => [],
    onFailure: () => {},
    abort: () => {},
    close: async () => {},
    leave: () => {},
  };
}
