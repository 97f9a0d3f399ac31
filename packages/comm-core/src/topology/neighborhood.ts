import { decode, encode } from '../codec/index.ts';
import { agree, CHECKING } from '../collectives/agreement.ts';
import { blocksOf, checkTypes, checkValues, layoutOf, recvOf, sendOf } from '../collectives/arguments.ts';
import { BufferBlocks } from '../collectives/blocks.ts';
import { begin, type Call, observed } from '../collectives/call.ts';
import type { AlltoallOptions, BlockOptions, BufferLike, Waitable } from '../comm/communicator.ts';
import type { CollectiveHost } from '../comm/host.ts';
import { PROC_NULL } from '../constants.ts';
import { countOf } from '../datatype/index.ts';
import type { TopologyCommunicator } from './topology.ts';

/** Whom this rank exchanges with. */
export interface Neighborhood {
  readonly sources: readonly number[];
  readonly destinations: readonly number[];
  /**
   * Indices of `sources` in the order their receives are posted. Messages between two ranks match in order, so this says
   * which of several edges from one rank is which: see `inOrder` and `mirrored`.
   */
  readonly receiveOrder: readonly number[];
}

/** Graphs: the k-th edge to a rank is the k-th edge from it there (MPI-4.1 §8.6). */
export function inOrder(sources: readonly number[], destinations: readonly number[]): Neighborhood {
  return { sources, destinations, receiveOrder: [...sources.keys()] };
}

/**
 * Grids: what goes in the negative direction arrives from the positive one, also where a periodic dimension of size 1 or 2
 * makes both the same rank (MPI-4.1 §8.6, advice to implementors).
 */
export function mirrored(neighbors: readonly number[]): Neighborhood {
  return { sources: neighbors, destinations: neighbors, receiveOrder: [...neighbors.keys()].map((i) => i ^ 1) };
}

/** The members of TopologyCommunicator that its neighbourhood gives a communicator. */
export type NeighborhoodCalls = Pick<
  TopologyCommunicator,
  | 'sources'
  | 'destinations'
  | 'neighborAllgather'
  | 'neighborAllgatherInto'
  | 'neighborAlltoall'
  | 'neighborAlltoallInto'
>;

export function neighborhoodCalls(host: CollectiveHost, neighborhood: Neighborhood): NeighborhoodCalls {
  return {
    sources: Object.freeze([...neighborhood.sources]),
    destinations: Object.freeze([...neighborhood.destinations]),
    neighborAllgather: (value, options) => allgather(host, neighborhood, value, options),
    neighborAllgatherInto: (send, recv, options) => allgatherInto(host, neighborhood, send, recv, options),
    neighborAlltoall: (values, options) => alltoall(host, neighborhood, values, options),
    neighborAlltoallInto: (send, recv, options) => alltoallInto(host, neighborhood, send, recv, options),
  };
}

/** Posts every receive, then every send, and waits for all of them. PROC_NULL takes no part. */
async function exchange(
  { sources, destinations, receiveOrder }: Neighborhood,
  receive: (source: number, index: number) => Promise<unknown>,
  send: (dest: number, index: number) => Promise<unknown>,
): Promise<void> {
  const posted: Promise<unknown>[] = [];
  for (const index of receiveOrder) {
    const source = sources[index]!;
    if (source !== PROC_NULL) posted.push(observed(receive(source, index)));
  }
  destinations.forEach((dest, index) => {
    if (dest !== PROC_NULL) posted.push(observed(send(dest, index)));
  });
  await Promise.all(posted);
}

async function exchangeValues<T>(
  call: Call,
  neighborhood: Neighborhood,
  parcel: (index: number) => readonly Uint8Array[],
): Promise<(T | undefined)[]> {
  const { space, tag, signal } = call;
  const values = new Array<T | undefined>(neighborhood.sources.length).fill(undefined);
  await exchange(
    neighborhood,
    (source, index) =>
      space.recvValue(source, tag, signal).then(({ segments }) => {
        values[index] = decode(segments) as T;
      }),
    (dest, index) => space.sendValue(parcel(index), dest, tag, false, signal),
  );
  return values;
}

async function allgather<T>(
  host: CollectiveHost,
  neighborhood: Neighborhood,
  value: T,
  options: Waitable | undefined,
): Promise<(T | undefined)[]> {
  const call = begin(host, 'neighborAllgather', options);
  const segments = encode(value);
  if (CHECKING) await agree(call, {});
  return exchangeValues<T>(call, neighborhood, () => segments);
}

async function alltoall<T>(
  host: CollectiveHost,
  neighborhood: Neighborhood,
  values: readonly T[],
  options: Waitable | undefined,
): Promise<(T | undefined)[]> {
  const call = begin(host, 'neighborAlltoall', options);
  checkValues(call, values, neighborhood.destinations.length);
  const parcels = values.map((value) => encode(value));
  if (CHECKING) await agree(call, {});
  return exchangeValues<T>(call, neighborhood, (index) => parcels[index]!);
}

async function allgatherInto(
  host: CollectiveHost,
  neighborhood: Neighborhood,
  send: BufferLike,
  recv: BufferLike,
  options: (BlockOptions & Waitable) | undefined,
): Promise<void> {
  const call = begin(host, 'neighborAllgatherInto', options);
  const own = sendOf(call, send);
  const { view, deliver } = recvOf(call, recv);
  checkTypes(call, own, view);
  const layout = layoutOf(call, countOf(view), neighborhood.sources.length, options?.counts, options?.displs);
  if (CHECKING) await agree(call, { type: view.type });
  const incoming = new BufferBlocks(call, view.type, blocksOf(view, layout));
  const outgoing = new BufferBlocks(call, own.type, [own.bytes]);
  await exchange(
    neighborhood,
    (source, index) => incoming.recv([index], source),
    (dest) => outgoing.send([0], dest),
  );
  deliver();
}

async function alltoallInto(
  host: CollectiveHost,
  neighborhood: Neighborhood,
  send: BufferLike,
  recv: BufferLike,
  options: AlltoallOptions | undefined,
): Promise<void> {
  const call = begin(host, 'neighborAlltoallInto', options);
  const { sources, destinations } = neighborhood;
  const own = sendOf(call, send);
  const { view, deliver } = recvOf(call, recv);
  checkTypes(call, own, view);
  const { sendCounts, sendDispls, recvCounts, recvDispls } = options ?? {};
  const from = layoutOf(call, countOf(own), destinations.length, sendCounts, sendDispls, 'sendCounts');
  const to = layoutOf(call, countOf(view), sources.length, recvCounts, recvDispls, 'recvCounts');
  if (CHECKING) await agree(call, { type: view.type });
  const outgoing = new BufferBlocks(call, own.type, blocksOf(own, from));
  const incoming = new BufferBlocks(call, view.type, blocksOf(view, to));
  await exchange(
    neighborhood,
    (source, index) => incoming.recv([index], source),
    (dest, index) => outgoing.send([index], dest),
  );
  deliver();
}
