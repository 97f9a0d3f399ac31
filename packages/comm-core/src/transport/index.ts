export type {
  AlltoallBlocks,
  BufferView,
  Capabilities,
  Context,
  EncodedMessage,
  Envelope,
  MatchedMessage,
  MatchingSpace,
  NativeCollectives,
  Transport,
} from './contract.ts';
export { ELEMENT_TYPES, type ElementType } from './element-type.ts';
export { type FrameSink, type FrameTransport, HEADER_BYTES } from './frames.ts';
