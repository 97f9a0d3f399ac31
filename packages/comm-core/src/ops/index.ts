export { combineInto, createOp, resolveOp } from './create-op.ts';
export type * from './op.ts';
export * from './predefined.ts';
