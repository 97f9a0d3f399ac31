import { ParError } from '@par/comm-core';

/** Reductions MPI does, in the order of `OpOf` in native/datatypes.cc. */
const OPERATIONS: readonly string[] = ['SUM', 'PROD', 'MAX', 'MIN', 'LAND', 'BAND', 'LOR', 'BOR', 'LXOR', 'BXOR'];

const CODES: ReadonlyMap<string, number> = new Map(OPERATIONS.map((op, code) => [op, code]));

/** The number the addon knows a predefined op by. */
export function codeOf(op: string): number {
  const code = CODES.get(op);
  if (code === undefined) throw new ParError('PAR_OP', `${op} is not a reduction MPI does on buffers`);
  return code;
}
