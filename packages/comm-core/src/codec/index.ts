import { createCodec } from './codec.ts';

export { type Codec, type CodecOptions, createCodec } from './codec.ts';
export type { CodecExtension } from './extension.ts';
export { NotSerializableError } from './not-serializable.ts';

/** The codec of all values sent without extensions. */
export const { encode, decode } = createCodec();
