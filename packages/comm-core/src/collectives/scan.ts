import type { BufferLike, InPlace, Waitable } from '../comm/communicator.ts';
import type { CollectiveHost } from '../comm/host.ts';
import { elementsOf } from '../datatype/index.ts';
import { type BufferOp, type ElementArray, type OpLike, resolveOp } from '../ops/index.ts';
import { agree, CHECKING } from './agreement.ts';
import { scanLinear, scanPipelined, scanRecursiveDoubling } from './algorithms/scan.ts';
import { operandsOf, recvOf } from './arguments.ts';
import { begin, type Call, describe } from './call.ts';
import { chooseScan, type ScanAlgorithm, THRESHOLDS } from './chooser.ts';
import { isNativeReduction, native } from './native.ts';
import { BufferReduction, copyElements, type Reduction, ValueReduction } from './reduction.ts';

/** See `Communicator.scan`. */
export async function scan<T>(host: CollectiveHost, value: T, op: OpLike<T>, options?: Waitable): Promise<T> {
  return (await scanValue(host, 'scan', value, op, options)) as T;
}

/** See `Communicator.exscan`. */
export async function exscan<T>(
  host: CollectiveHost,
  value: T,
  op: OpLike<T>,
  options?: Waitable,
): Promise<T | undefined> {
  return scanValue(host, 'exscan', value, op, options);
}

/** See `Communicator.scanInto`. */
export async function scanInto(
  host: CollectiveHost,
  send: BufferLike | InPlace,
  recv: BufferLike,
  op: BufferOp,
  options?: Waitable,
): Promise<void> {
  return scanBuffer(host, 'scanInto', send, recv, op, options);
}

/** See `Communicator.exscanInto`. */
export async function exscanInto(
  host: CollectiveHost,
  send: BufferLike | InPlace,
  recv: BufferLike,
  op: BufferOp,
  options?: Waitable,
): Promise<void> {
  return scanBuffer(host, 'exscanInto', send, recv, op, options);
}

async function scanValue<T>(
  host: CollectiveHost,
  operation: 'scan' | 'exscan',
  value: T,
  op: OpLike<T>,
  options: Waitable | undefined,
): Promise<T | undefined> {
  const call = begin(host, operation, options);
  const resolved = resolveOp(op, () => describe(call));
  if (CHECKING) await agree(call, { op: resolved.name });
  const exclusive = operation === 'exscan';
  if (call.size === 1) return exclusive ? undefined : value;
  const r = new ValueReduction(call, resolved);
  return scanOperands(call, r, value, exclusive, chooseScan(call.size, undefined));
}

async function scanBuffer(
  host: CollectiveHost,
  operation: 'scanInto' | 'exscanInto',
  send: BufferLike | InPlace,
  recv: BufferLike,
  op: BufferOp,
  options: Waitable | undefined,
): Promise<void> {
  const call = begin(host, operation, options);
  const exclusive = operation === 'exscanInto';
  const into = recvOf(call, recv);
  const { input, home, inPlace } = operandsOf(call, send, recv, into.view);
  // The receive buffer of rank 0 in an exclusive scan, or of a rank that fails, is not working memory.
  const r = exclusive ? new BufferReduction(call, op, input) : new BufferReduction(call, op, input, home);
  if (CHECKING) await agree(call, { op: r.op.name, type: r.type, count: r.input.length });
  const library = host.context.native;
  if (library !== undefined && isNativeReduction(r.op, r.type)) {
    const source = inPlace ? undefined : input;
    await native(call, exclusive ? library.exscan(source, home, r.op.name) : library.scan(source, home, r.op.name));
    if (!exclusive || call.rank > 0) into.deliver(r.input.length);
    return;
  }
  const result = await scanElements(call, r, exclusive, chooseScan(call.size, input.bytes.length));
  if (result === undefined) return;
  if (exclusive) copyElements(result, elementsOf(home));
  else r.deliver(result);
  into.deliver(r.input.length);
}

/** Scans buffers by the algorithm of this name. */
export async function scanElements(
  call: Call,
  r: BufferReduction,
  exclusive: boolean,
  algorithm: ScanAlgorithm,
): Promise<ElementArray | undefined> {
  if (call.size === 1) return exclusive ? undefined : r.input;
  if (algorithm === 'pipelined') return scanPipelined(call, r, exclusive, THRESHOLDS.scanSegment);
  return scanOperands(call, r, r.input, exclusive, algorithm);
}

/** Scans operands of any kind by an algorithm that does not cut them in pieces. */
export function scanOperands<A>(
  call: Call,
  r: Reduction<A>,
  input: A,
  exclusive: boolean,
  algorithm: ScanAlgorithm,
): Promise<A | undefined> {
  return algorithm === 'linear'
    ? scanLinear(call, r, input, exclusive)
    : scanRecursiveDoubling(call, r, input, exclusive);
}
