/** Element types of buffers; the position is the code a frame header carries. `bytes` matches every other. */
export const ELEMENT_TYPES = [
  'bytes',
  'int8',
  'uint8',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  'uint64',
  'float16',
  'float32',
  'float64',
] as const;

export type ElementType = (typeof ELEMENT_TYPES)[number];
