import { ParError } from '@par/comm-core';

/** Reductions MPI does, in the order of `OpOf` in native/datatypes.cc. */
const OPERATIONS: readonly string[] = ['SUM', 'PROD', 'MAX', 'MIN', 'LAND', 'BAND', 'LOR', 'BOR', 'LXOR', 'BXOR'];

/** The number the addon knows a predefined op by. */
export function codeOf(op: string): number {
  const code = OPERATIONS.indexOf(op);
  if (code < 0) throw new ParError('PAR_OP', `${op} is not a reduction MPI does on buffers`);
  return code;
}
