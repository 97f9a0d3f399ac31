export { matching } from '../matching/index.ts';
export type {
  BufferEnvelope,
  BufferView,
  Capabilities,
  Context,
  EncodedMessage,
  Envelope,
  MatchedMessage,
  MatchingSpace,
  Transport,
} from './contract.ts';
export { ELEMENT_BYTES, ELEMENT_TYPES, type ElementType } from './element-type.ts';
export { type FrameSink, type FrameTransport, HEADER_BYTES } from './frames.ts';
export type { AlltoallBlocks, NativeCollectives, ShortBlocks } from './native-collectives.ts';
export type { Replacement, Universe } from './universe.ts';
