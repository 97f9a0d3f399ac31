export { ELEMENT_BYTES } from '../transport/element-type.ts';
export {
  alreadyThere,
  byteLengthOf,
  countOf,
  elementsOf,
  type ReceiveBuffer,
  toBufferView,
  toReceiveBuffer,
} from './buffer.ts';
export { indexed, subarray, vector } from './constructors.ts';
export { arrayView, type TypedArray } from './typed-array.ts';
export { DatatypeView } from './view.ts';
