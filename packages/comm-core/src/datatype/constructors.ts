import { ArgumentRangeError } from '../errors.ts';
import type { TypedArray } from './typed-array.ts';
import { DatatypeView } from './view.ts';

/**
 * `count` blocks of `blockLength` elements, `stride` elements from start to start, the first at `offset`
 * (MPI_Type_vector). A column of a row-major matrix: `vector(a, { count: rows, stride: columns, offset: column })`.
 * All in elements. Defaults: blockLength 1, stride blockLength, offset 0. Throws PAR_BUFFER for anything outside the array.
 */
export function vector(
  array: TypedArray,
  layout: { count: number; blockLength?: number; stride?: number; offset?: number },
): DatatypeView {
  const { count, blockLength = 1, stride = blockLength, offset = 0 } = layout;
  for (const [name, value] of Object.entries({ count, blockLength, offset })) checkLength('vector', name, value);
  if (!Number.isInteger(stride)) throw notAnInteger('vector', 'stride', stride);
  // Before a list of `count` blocks is made: both ends of the progression must lie inside.
  const last = offset + (count - 1) * stride;
  if (count > 0 && blockLength > 0 && (last < 0 || Math.max(offset, last) + blockLength > array.length)) {
    throw new ArgumentRangeError(
      'PAR_BUFFER',
      `vector: blocks start at elements ${offset}..${last} and have ${blockLength} each, the array has ${array.length}`,
    );
  }
  const blocks = blockLength === 0 ? 0 : count;
  return new DatatypeView(
    array,
    {
      starts: Array.from({ length: blocks }, (_, i) => offset + i * stride),
      lengths: new Array<number>(blocks).fill(blockLength),
    },
    'vector',
  );
}

/**
 * Blocks of `blockLengths[i]` elements from `displs[i]` on (MPI_Type_indexed); one number as `blockLengths` is the
 * length of every block (MPI_Type_create_indexed_block). All in elements.
 */
export function indexed(
  array: TypedArray,
  layout: { blockLengths: number | readonly number[]; displs: readonly number[] },
): DatatypeView {
  const starts = [...layout.displs];
  const { blockLengths } = layout;
  const lengths = typeof blockLengths === 'number' ? starts.map(() => blockLengths) : [...blockLengths];
  if (lengths.length !== starts.length) {
    throw new ArgumentRangeError(
      'PAR_BUFFER',
      `indexed: ${lengths.length} blockLengths for ${starts.length} displs; give one of each per block`,
    );
  }
  return new DatatypeView(array, { starts, lengths }, 'indexed');
}

/**
 * The box of `subsizes` elements at `starts` of a row-major array of `sizes` (MPI_Type_create_subarray, C order).
 * The three have one entry per dimension. A halo column, an interior, a tile.
 */
export function subarray(
  array: TypedArray,
  layout: { sizes: readonly number[]; subsizes: readonly number[]; starts: readonly number[] },
): DatatypeView {
  const { sizes, subsizes, starts } = layout;
  const dims = sizes.length;
  if (dims === 0 || subsizes.length !== dims || starts.length !== dims) {
    throw new ArgumentRangeError(
      'PAR_BUFFER',
      `subarray: sizes, subsizes and starts must have one entry per dimension, got ${dims}, ${subsizes.length}, ${starts.length}`,
    );
  }
  let elements = 1;
  for (let d = 0; d < dims; d++) {
    checkLength('subarray', `sizes[${d}]`, sizes[d]!);
    checkLength('subarray', `subsizes[${d}]`, subsizes[d]!);
    checkLength('subarray', `starts[${d}]`, starts[d]!);
    if (starts[d]! + subsizes[d]! > sizes[d]!) {
      throw new ArgumentRangeError(
        'PAR_BUFFER',
        `subarray: dimension ${d}: ${starts[d]} + ${subsizes[d]} exceeds its size ${sizes[d]}`,
      );
    }
    elements *= sizes[d]!;
  }
  if (elements > array.length) {
    throw new ArgumentRangeError(
      'PAR_BUFFER',
      `subarray: sizes ${sizes.join('×')} need ${elements} elements, the array has ${array.length}`,
    );
  }
  return new DatatypeView(array, rowsOf(sizes, subsizes, starts), 'subarray');
}

function rowsOf(sizes: readonly number[], subsizes: readonly number[], starts: readonly number[]) {
  if (subsizes.includes(0)) return { starts: [], lengths: [] };
  let rows = [0];
  for (let d = 0; d < sizes.length - 1; d++) {
    const size = sizes[d]!;
    const from = starts[d]!;
    const extent = subsizes[d]!;
    rows = rows.flatMap((row) => Array.from({ length: extent }, (_, i) => row * size + from + i));
  }
  const width = sizes.at(-1)!;
  const first = starts.at(-1)!;
  return { starts: rows.map((row) => row * width + first), lengths: rows.map(() => subsizes.at(-1)!) };
}

function checkLength(what: string, name: string, value: number): void {
  if (!Number.isInteger(value)) throw notAnInteger(what, name, value);
  if (value < 0) throw new ArgumentRangeError('PAR_BUFFER', `${what}: ${name} is ${value}, it cannot be negative`);
}

function notAnInteger(what: string, name: string, value: unknown): ArgumentRangeError {
  return new ArgumentRangeError(
    'PAR_BUFFER',
    `${what}: ${name} must be an integer number of elements, got ${String(value)}`,
  );
}
