export {
  countOf,
  ELEMENT_BYTES,
  elementsOf,
  isDatatypeView,
  type ReceiveBuffer,
  toBufferView,
  toReceiveBuffer,
  unpack,
} from './buffer.ts';
export { indexed, subarray, vector } from './constructors.ts';
export { contiguousView, elementTypeOf, type TypedArray } from './typed-array.ts';
export { DatatypeView } from './view.ts';
