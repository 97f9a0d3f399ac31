import { alreadyThere, type ReceiveBuffer } from '../datatype/index.ts';
import { cancelled } from '../errors.ts';
import type { BufferOp, PredefinedOp } from '../ops/index.ts';
import type { ElementType, ShortBlocks } from '../transport/index.ts';
import { type Call, describe } from './call.ts';

/** A collective's promise, for a caller with no more to do than to put `count` elements where they were wanted. */
export function delivered(operation: Promise<void>, into: ReceiveBuffer | undefined, count?: number): Promise<void> {
  if (into === undefined || into.deliver === alreadyThere) return operation;
  return operation.then(() => into.deliver(count));
}

/**
 * Waits for a collective the transport does itself. It cannot be taken back: after a cancelled wait it goes on without the
 * caller, in the memory it was given.
 */
export function native<T>(call: Call, operation: Promise<T>): Promise<T> {
  const { signal } = call;
  if (signal === undefined) return operation;
  return new Promise((resolve, reject) => {
    const cancel = () => reject(cancelled(signal, describe(call)));
    signal.addEventListener('abort', cancel, { once: true });
    operation.then(resolve, reject).finally(() => signal.removeEventListener('abort', cancel));
  });
}

const NOTHING = new Uint8Array(0);

/** Every rank's encoded value, where all are one short segment; otherwise undefined, on all ranks. */
export function allgatherShort(
  call: Call,
  short: ShortBlocks,
  segments: readonly Uint8Array[],
): Promise<readonly Uint8Array[] | undefined> {
  const [head] = segments;
  // No value is encoded in nothing.
  const block = segments.length === 1 && head!.length <= short.bytes ? head! : NOTHING;
  return native(call, short.allgather(block)).then((blocks) => (blocks.every(isSomething) ? blocks : undefined));
}

function isSomething(block: Uint8Array): boolean {
  return block.length > 0;
}

const ARITHMETIC: ReadonlySet<string> = new Set(['SUM', 'PROD', 'MAX', 'MIN']);
const INTEGER_ONLY: ReadonlySet<string> = new Set(['LAND', 'LOR', 'LXOR', 'BAND', 'BOR', 'BXOR']);

/**
 * Whether MPI has this reduction for these elements (MPI-4.1 §6.9.2). MAXLOC and MINLOC need pair types of another layout,
 * REPLACE and NO_OP are for one-sided operations only, and half floats have no MPI type everywhere.
 */
export function isNativeReduction(op: BufferOp, type: ElementType): op is PredefinedOp {
  if (typeof op !== 'object' || op?.kind !== 'predefined' || type === 'bytes' || type === 'float16') return false;
  return ARITHMETIC.has(op.name) || (INTEGER_ONLY.has(op.name) && !type.startsWith('float'));
}
