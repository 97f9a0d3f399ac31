export type * from './comm/communicator.ts';
export type * from './comm/intercommunicator.ts';
export * from './constants.ts';
export type * from './datatype/view.ts';
export * from './errors.ts';
export { Group } from './group.ts';
export type * from './ops/op.ts';
export type * from './topology/topology.ts';
