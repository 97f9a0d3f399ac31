export { availableCores } from './available-cores.ts';
export { wtick, wtime } from './clock.ts';
export {
  type Codec,
  type CodecExtension,
  type CodecOptions,
  createCodec,
  NotSerializableError,
} from './codec/index.ts';
export type * from './comm/communicator.ts';
export type * from './comm/intercommunicator.ts';
export { universeOf, worldOf } from './comm/intracomm.ts';
export * from './constants.ts';
export { type DatatypeView, indexed, subarray, type TypedArray, vector } from './datatype/index.ts';
export {
  type Consideration,
  DETECTION_ROWS,
  type Detection,
  type DetectionRow,
  type DetectOptions,
  detect,
  type Environment,
  expandHostlist,
  expandTasksPerNode,
  HostlistError,
  type TransportName,
} from './detect/index.ts';
export * from './errors.ts';
export { Group, type RankRange } from './group.ts';
export { type InitOptions, init, type TransportFactory } from './init.ts';
export { PEER_LOST_STATUS, type PeerLossPolicy } from './lifecycle.ts';
export { createOp } from './ops/create-op.ts';
export type * from './ops/op.ts';
export * from './ops/predefined.ts';
export { computeDims } from './topology/index.ts';
export type * from './topology/topology.ts';
