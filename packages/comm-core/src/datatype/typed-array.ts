import { ArgumentTypeError } from '../errors.ts';
import type { BufferView } from '../transport/contract.ts';
import type { ElementType } from '../transport/element-type.ts';

/** Every typed array the buffer calls take. Float16Array is taken too where the runtime has it. */
export type TypedArray =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array;

const TYPE_BY_NAME: ReadonlyMap<string, ElementType> = new Map<string, ElementType>([
  ['Int8Array', 'int8'],
  ['Uint8Array', 'uint8'],
  ['Uint8ClampedArray', 'uint8'],
  ['Int16Array', 'int16'],
  ['Uint16Array', 'uint16'],
  ['Int32Array', 'int32'],
  ['Uint32Array', 'uint32'],
  ['BigInt64Array', 'int64'],
  ['BigUint64Array', 'uint64'],
  ['Float16Array', 'float16'],
  ['Float32Array', 'float32'],
  ['Float64Array', 'float64'],
]);

/** The class's own name, also for subclasses and arrays of another realm; undefined when it is not a typed array. */
const typedArrayName = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)!
  .get as (this: unknown) => string | undefined;

/** A typed array lent to an operation; its memory in bytes is made when somebody first asks for it. */
class ArrayView implements BufferView {
  readonly array: TypedArray;
  readonly type: ElementType;
  #bytes: Uint8Array | undefined;

  constructor(array: TypedArray, type: ElementType) {
    this.array = array;
    this.type = type;
  }

  get bytes(): Uint8Array {
    const { array } = this;
    this.#bytes ??= new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    return this.#bytes;
  }
}

/** View of a typed array that has elements. Undefined for anything else, also for an array whose memory is gone. */
export function arrayView(value: unknown): ArrayView | undefined {
  const type = TYPE_BY_NAME.get(typedArrayName.call(value)!);
  return type === undefined || (value as TypedArray).length === 0
    ? undefined
    : new ArrayView(value as TypedArray, type);
}

/** Element type of a typed array, `bytes` for ArrayBuffer, SharedArrayBuffer and DataView, undefined for anything else. */
export function elementTypeOf(value: unknown): ElementType | undefined {
  const name = typedArrayName.call(value);
  if (name !== undefined) return TYPE_BY_NAME.get(name);
  if (value instanceof DataView || value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) return 'bytes';
  return undefined;
}

/** The memory of a typed array, DataView, ArrayBuffer or SharedArrayBuffer, uncopied; undefined for anything else. */
export function contiguousView(value: unknown, what: string): BufferView | undefined {
  const type = elementTypeOf(value);
  if (type === undefined) return undefined;
  if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) {
    if (value instanceof ArrayBuffer && value.detached) throw detached(what);
    return { bytes: new Uint8Array(value), type };
  }
  const view = value as ArrayBufferView;
  try {
    // The getters of a DataView outside its buffer throw; those of a typed array say 0, but `at` throws.
    if (view.byteLength === 0 && type !== 'bytes') (view as Uint8Array).at(0);
    return { bytes: new Uint8Array(view.buffer, view.byteOffset, view.byteLength), type };
  } catch (error) {
    if ((view.buffer as Partial<ArrayBuffer>).detached) throw detached(what);
    throw new ArgumentTypeError(
      'PAR_BUFFER',
      `${what}: the view lies outside its buffer, which has been made smaller`,
      {
        cause: error,
      },
    );
  }
}

function detached(what: string): ArgumentTypeError {
  return new ArgumentTypeError(
    'PAR_BUFFER',
    `${what}: the buffer is detached (transferred to a worker or another owner)`,
  );
}
