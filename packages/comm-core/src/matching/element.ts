import { ELEMENT_TYPES, type ElementType } from '../transport/element-type.ts';

const codes = new Map<ElementType, number>(ELEMENT_TYPES.map((type, code) => [type, code]));
const sizes = new Map<ElementType, number>([
  ['bytes', 1],
  ['int8', 1],
  ['uint8', 1],
  ['int16', 2],
  ['uint16', 2],
  ['int32', 4],
  ['uint32', 4],
  ['int64', 8],
  ['uint64', 8],
  ['float16', 2],
  ['float32', 4],
  ['float64', 8],
]);
const BYTES = ELEMENT_TYPES.indexOf('bytes');
const UINT8 = ELEMENT_TYPES.indexOf('uint8');

/** Code of an element type in frame headers. */
export function elementCode(type: ElementType): number {
  return codes.get(type)!;
}

/** Whole elements of `type` in `bytes` bytes. */
export function elementCount(bytes: number, type: ElementType): number {
  return Math.floor(bytes / sizes.get(type)!);
}

/** Raw bytes meet every type. */
export function elementsMatch(a: number, b: number): boolean {
  return a === b || a === BYTES || b === BYTES || a === UINT8 || b === UINT8;
}
