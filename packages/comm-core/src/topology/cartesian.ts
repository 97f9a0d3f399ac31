import type { Waitable } from '../comm/communicator.ts';
import type { Comm } from '../comm/intracomm.ts';
import { ArgumentRangeError, ArgumentTypeError } from '../errors.ts';
import { Grid } from './grid.ts';
import { mirrored, neighborhoodCalls } from './neighborhood.ts';
import type { CartesianCommunicator } from './topology.ts';

/**
 * A communicator of the first ∏ dims ranks of `comm`, on a grid; undefined for the others. Without dimensions it is rank 0
 * alone. Ranks keep their order: there is no better one to know of, as MPI allows with `reorder`.
 * Throws PAR_ARGUMENT for bad dims or periods and for a grid larger than the communicator.
 */
export async function createCartesian(
  comm: Comm,
  dims: readonly number[],
  options: { periodic?: boolean | readonly boolean[]; reorder?: boolean } & Waitable = {},
): Promise<CartesianCommunicator | undefined> {
  const grid = new Grid(dims, options.periodic);
  if (grid.size > comm.size) {
    throw new ArgumentRangeError(
      'PAR_ARGUMENT',
      `cartesian: a grid of ${dims.join(' × ')} needs ${grid.size} ranks, ${comm.name} has ${comm.size}`,
    );
  }
  if (comm.rank >= grid.size) return undefined;
  return onGrid(await comm.derive([...Array(grid.size).keys()], 'cartesian', options.signal), grid);
}

function onGrid(comm: Comm, grid: Grid): CartesianCommunicator {
  const { rank } = comm;
  const neighbors = Object.freeze(grid.neighbors(rank));
  return Object.assign(comm, neighborhoodCalls(comm.host, mirrored(neighbors)), {
    dims: grid.dims,
    periodic: grid.periodic,
    coords: Object.freeze(grid.coordsOf(rank)),
    neighbors,
    coordsOf: (ofRank: number) => grid.coordsOf(ofRank),
    rankOf: (coords: readonly number[]) => grid.rankOf(coords),
    shift: (dim: number, disp: number) => grid.shift(rank, dim, disp),
    sub: (keep: readonly boolean[], options?: Waitable) => subGrid(comm, grid, keep, options?.signal),
    dup: async (options?: Waitable) =>
      onGrid(await comm.derive([...Array(grid.size).keys()], 'dup', options?.signal), grid),
  });
}

async function subGrid(
  comm: Comm,
  grid: Grid,
  keep: readonly boolean[],
  signal: AbortSignal | undefined,
): Promise<CartesianCommunicator> {
  if (!Array.isArray(keep) || keep.length !== grid.dims.length) {
    throw new ArgumentTypeError(
      'PAR_ARGUMENT',
      `sub: keep must say true or false for each of ${grid.dims.length} dimensions, got ${JSON.stringify(keep)}`,
    );
  }
  const kept = <T>(list: readonly T[]) => list.filter((_, dim) => keep[dim]);
  const here = grid.coordsOf(comm.rank);
  const members = [...Array(grid.size).keys()].filter((rank) =>
    grid.coordsOf(rank).every((coord, dim) => keep[dim] || coord === here[dim]),
  );
  return onGrid(await comm.derive(members, 'sub', signal), new Grid(kept(grid.dims), kept(grid.periodic)));
}
