import { decode } from '../codec/index.ts';
import type { BufferLike, InPlace, Waitable } from '../comm/communicator.ts';
import type { CollectiveHost } from '../comm/host.ts';
import { countOf, type ReceiveBuffer } from '../datatype/index.ts';
import { type BufferOp, type ElementArray, type OpLike, resolveOp } from '../ops/index.ts';
import type { ShortBlocks } from '../transport/index.ts';
import { agree, CHECKING } from './agreement.ts';
import { allgatherBruck, allgatherLinear } from './algorithms/allgather.ts';
import {
  allreduceByAllgather,
  allreduceRabenseifner,
  allreduceRecursiveDoubling,
  allreduceRing,
  reduceInOrder,
} from './algorithms/allreduce.ts';
import { type Operands, operandsOf, recvOf } from './arguments.ts';
import { BufferBlocks, ValueBlocks } from './blocks.ts';
import { begin, type Call, describe } from './call.ts';
import { type AllreduceAlgorithm, chooseAllreduce, THRESHOLDS } from './chooser.ts';
import { allreduceBetween, allreduceIntoBetween } from './inter/allreduce.ts';
import { allgatherShort, delivered, isNativeReduction, native } from './native.ts';
import { BufferReduction, bytesOf, copyElements, ValueReduction } from './reduction.ts';

/** See `Collectives.allreduce`. The result has the same bits on all ranks. */
export function allreduce<T>(host: CollectiveHost, value: T, op: OpLike<T>, options?: Waitable): Promise<T> {
  try {
    const call = begin(host, 'allreduce', options);
    const r = new ValueReduction(
      call,
      resolveOp(op, () => describe(call)),
    );
    const start = () => {
      if (call.remoteSize !== undefined) return allreduceBetween(host, call, r, value);
      if (call.size === 1) return Promise.resolve(value);
      const messages = () => allreduceValue(call, r, value, chooseAllreduce(call.size, undefined, r.commutative));
      const short = host.context.native?.short;
      return short === undefined ? messages() : allreduceShort(call, r, value, short, messages);
    };
    return CHECKING ? agree(call, { op: r.name }).then(start) : start();
  } catch (error) {
    return Promise.reject(error);
  }
}

/** Every rank's operand goes to all, if each is short; otherwise by `messages`. */
function allreduceShort<T>(
  call: Call,
  r: ValueReduction<T>,
  value: T,
  short: ShortBlocks,
  messages: () => Promise<T>,
): Promise<T> {
  return allgatherShort(call, short, r.encodeOwn(value)).then((blocks) => {
    if (blocks === undefined) return messages();
    const operand = (rank: number) => (rank === call.rank ? r.own(value) : (decode([blocks[rank]!]) as T));
    return reduceInOrder(call, r, operand);
  });
}

/** Reduces values by any algorithm that does not cut operands in pieces. */
export function allreduceValue<T>(
  call: Call,
  r: ValueReduction<T>,
  value: T,
  algorithm: AllreduceAlgorithm,
): Promise<T> {
  if (algorithm !== 'allgather') return allreduceRecursiveDoubling(call, r, value);
  const blocks = new ValueBlocks(call, call.size);
  blocks.parcels[call.rank] = r.encodeOwn(value);
  const operand = (rank: number) => (rank === call.rank ? r.own(value) : (decode(blocks.parcels[rank]!) as T));
  return allreduceByAllgather(call, r, blocks, operand, allgatherFor(call));
}

/** See `Collectives.allreduceInto`. The result has the same bits on all ranks. */
export function allreduceInto(
  host: CollectiveHost,
  send: BufferLike | InPlace,
  recv: BufferLike,
  op: BufferOp,
  options?: Waitable,
): Promise<void> {
  try {
    const call = begin(host, 'allreduceInto', options);
    const into = recvOf(call, recv);
    const operands = operandsOf(call, send, recv, into.view);
    const { input, home, inPlace } = operands;
    const library = host.context.native;
    if (library === undefined || !isNativeReduction(op, input.type)) {
      return allreduceOperands(host, call, op, operands, into);
    }
    const count = countOf(input);
    const start = () => native(call, library.allreduce(inPlace ? undefined : input, home, op.name));
    const done = CHECKING ? agree(call, { op: op.name, type: input.type, count }).then(start) : start();
    return delivered(done, into, count);
  } catch (error) {
    return Promise.reject(error);
  }
}

async function allreduceOperands(
  host: CollectiveHost,
  call: Call,
  op: BufferOp,
  { input, home }: Operands,
  into: ReceiveBuffer,
): Promise<void> {
  const r = new BufferReduction(call, op, input, home);
  if (CHECKING) await agree(call, { op: r.op.name, type: r.type, count: r.input.length });
  if (call.remoteSize !== undefined) {
    r.deliver(await allreduceIntoBetween(host, call, r));
  } else {
    const algorithm = chooseAllreduce(call.size, input.bytes.length, r.commutative);
    r.deliver(call.size === 1 ? r.input : await allreduceElements(call, r, algorithm));
  }
  into.deliver(r.input.length);
}

/** Reduces buffers by the algorithm of this name. */
export function allreduceElements(
  call: Call,
  r: BufferReduction,
  algorithm: AllreduceAlgorithm,
): Promise<ElementArray> {
  switch (algorithm) {
    case 'allgather': {
      const { length } = r.input;
      const all = r.allocate(length * call.size);
      const operand = (rank: number) => all.subarray(rank * length, (rank + 1) * length);
      copyElements(r.input, operand(call.rank));
      const memory = Array.from({ length: call.size }, (_, rank) => bytesOf(operand(rank)));
      return allreduceByAllgather(call, r, new BufferBlocks(call, r.type, memory), operand, allgatherFor(call));
    }
    case 'recursive-doubling':
      return allreduceRecursiveDoubling(call, r, r.input);
    case 'rabenseifner':
      return allreduceRabenseifner(call, r);
    case 'ring':
      return allreduceRing(call, r, THRESHOLDS.allreduceSegment);
  }
}

function allgatherFor(call: Call) {
  return call.size <= THRESHOLDS.allToAllSize ? allgatherLinear : allgatherBruck;
}
