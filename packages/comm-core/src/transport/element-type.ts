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

/** Bytes of one element of each type. */
export const ELEMENT_BYTES: Readonly<Record<ElementType, number>> = {
  bytes: 1,
  int8: 1,
  uint8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  int64: 8,
  uint64: 8,
  float16: 2,
  float32: 4,
  float64: 8,
};
