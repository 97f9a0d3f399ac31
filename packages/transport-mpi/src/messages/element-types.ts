import { ELEMENT_TYPES, type ElementType } from '@par/comm-core/transport';

/** The number the addon knows an element type by: its place in ELEMENT_TYPES. */
export const TYPE_CODE: Readonly<Record<ElementType, number>> = Object.fromEntries(
  ELEMENT_TYPES.map((type, code) => [type, code]),
) as Record<ElementType, number>;

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

/** Code of raw bytes, which every buffer is on the planes of values. */
export const BYTES_CODE: number = TYPE_CODE.bytes;
