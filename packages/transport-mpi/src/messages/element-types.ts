export { ELEMENT_BYTES } from '@par/comm-core/transport';

import { ELEMENT_TYPES, type ElementType } from '@par/comm-core/transport';

/** The number the addon knows an element type by: its place in ELEMENT_TYPES. */
export const TYPE_CODE: Readonly<Record<ElementType, number>> = Object.fromEntries(
  ELEMENT_TYPES.map((type, code) => [type, code]),
) as Record<ElementType, number>;

/** Code of raw bytes, which every buffer is on the planes of values. */
export const BYTES_CODE: number = TYPE_CODE.bytes;
