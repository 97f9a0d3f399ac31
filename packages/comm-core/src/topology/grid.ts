import { PROC_NULL } from '../constants.ts';
import { ArgumentRangeError, ArgumentTypeError } from '../errors.ts';

/** Arithmetic of a Cartesian grid: ranks in row-major order, the last dimension fastest (MPI-4.1 §8.5). */
export class Grid {
  readonly dims: readonly number[];
  readonly periodic: readonly boolean[];
  /** Ranks in the grid; 1 without dimensions. */
  readonly size: number;

  /** Throws PAR_ARGUMENT for sizes below 1 and for a list of periods of another length. */
  constructor(dims: readonly number[], periodic: boolean | readonly boolean[] = false) {
    if (!Array.isArray(dims) || !dims.every((size) => Number.isSafeInteger(size) && size >= 1)) {
      throw new ArgumentRangeError(
        'PAR_ARGUMENT',
        `cartesian: dims must be a list of integers ≥ 1, got ${JSON.stringify(dims)}; computeDims fills in zeros`,
      );
    }
    const periods = typeof periodic === 'boolean' ? dims.map(() => periodic) : periodic;
    if (!Array.isArray(periods) || periods.length !== dims.length) {
      throw new ArgumentTypeError(
        'PAR_ARGUMENT',
        `cartesian: periodic must be true, false, or one of them for each of ${dims.length} dimensions`,
      );
    }
    this.dims = Object.freeze([...dims]);
    this.periodic = Object.freeze(periods.map(Boolean));
    this.size = dims.reduce((product, size) => product * size, 1);
  }

  /** Throws PAR_RANK for a rank outside the grid. */
  coordsOf(rank: number): number[] {
    if (!Number.isInteger(rank) || rank < 0 || rank >= this.size) {
      throw new ArgumentRangeError('PAR_RANK', `coordsOf: rank is ${rank}, but must be from 0 to ${this.size - 1}`);
    }
    let rest = rank;
    return this.dims
      .toReversed()
      .map((size) => {
        const coord = rest % size;
        rest = Math.floor(rest / size);
        return coord;
      })
      .reverse();
  }

  /** Throws PAR_ARGUMENT for a list of another length, PAR_RANK for coordinates outside a dimension without period. */
  rankOf(coords: readonly number[]): number {
    if (coords.length !== this.dims.length || !coords.every(Number.isSafeInteger)) {
      throw new ArgumentRangeError(
        'PAR_ARGUMENT',
        `rankOf: expected ${this.dims.length} integer coordinates, got ${JSON.stringify(coords)}`,
      );
    }
    return this.dims.reduce((rank, size, dim) => {
      const coord = coords[dim]!;
      if (!this.periodic[dim] && (coord < 0 || coord >= size)) {
        throw new ArgumentRangeError(
          'PAR_RANK',
          `rankOf: coordinate ${coord} is outside dimension ${dim}, which has size ${size} and no period`,
        );
      }
      return rank * size + (((coord % size) + size) % size);
    }, 0);
  }

  /** Throws PAR_ARGUMENT for a dimension the grid does not have. */
  shift(rank: number, dim: number, disp: number): { source: number; dest: number } {
    if (!Number.isInteger(dim) || dim < 0 || dim >= this.dims.length) {
      throw new ArgumentRangeError(
        'PAR_ARGUMENT',
        `shift: the grid has dimensions 0 to ${this.dims.length - 1}, not ${dim}`,
      );
    }
    if (!Number.isSafeInteger(disp)) {
      throw new ArgumentRangeError('PAR_ARGUMENT', `shift: disp is ${disp}, but must be an integer`);
    }
    return { source: this.#beside(rank, dim, -disp), dest: this.#beside(rank, dim, disp) };
  }

  /** Neighbours in (dimension, −1 then +1) order. */
  neighbors(rank: number): number[] {
    return this.dims.flatMap((_, dim) => [this.#beside(rank, dim, -1), this.#beside(rank, dim, 1)]);
  }

  #beside(rank: number, dim: number, disp: number): number {
    const coords = this.coordsOf(rank);
    const coord = coords[dim]! + disp;
    if (!this.periodic[dim] && (coord < 0 || coord >= this.dims[dim]!)) return PROC_NULL;
    coords[dim] = coord;
    return this.rankOf(coords);
  }
}
