export { combineInto, createOp, resolveOp } from './create-op.ts';
export type * from './op.ts';
export {
  BAND,
  BOR,
  BXOR,
  LAND,
  LOR,
  LXOR,
  MAX,
  MAXLOC,
  MIN,
  MINLOC,
  NO_OP,
  PROD,
  REPLACE,
  SUM,
} from './predefined.ts';
