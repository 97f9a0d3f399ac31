import { cancelled } from '../errors.ts';
import type { PredefinedOp, UserOp } from '../ops/index.ts';
import type { ElementType } from '../transport/index.ts';
import { type Call, describe } from './call.ts';

/**
 * Waits for a collective the transport does itself. It cannot be taken back: after a cancelled wait it goes on without the
 * caller, in the memory it was given.
 */
export function native(call: Call, operation: Promise<void>): Promise<void> {
  const { signal } = call;
  if (signal === undefined) return operation;
  return new Promise((resolve, reject) => {
    const cancel = () => reject(cancelled(signal, describe(call)));
    signal.addEventListener('abort', cancel, { once: true });
    operation.then(resolve, reject).finally(() => signal.removeEventListener('abort', cancel));
  });
}

const ARITHMETIC: readonly string[] = ['SUM', 'PROD', 'MAX', 'MIN'];
const INTEGER_ONLY: readonly string[] = ['LAND', 'LOR', 'LXOR', 'BAND', 'BOR', 'BXOR'];

/**
 * Whether MPI has this reduction for these elements (MPI-4.1 §6.9.2). MAXLOC and MINLOC need pair types of another layout,
 * REPLACE and NO_OP are for one-sided operations only, and half floats have no MPI type everywhere.
 */
export function isNativeReduction(op: PredefinedOp | UserOp<number>, type: ElementType): boolean {
  if (op.kind === 'user' || type === 'bytes' || type === 'float16') return false;
  return ARITHMETIC.includes(op.name) || (INTEGER_ONLY.includes(op.name) && !type.startsWith('float'));
}
