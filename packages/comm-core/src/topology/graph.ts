import type { Waitable } from '../comm/communicator.ts';
import type { Comm } from '../comm/intracomm.ts';
import { ArgumentRangeError } from '../errors.ts';
import { inOrder, type Neighborhood, neighborhoodCalls } from './neighborhood.ts';
import type { GraphCommunicator } from './topology.ts';

/** A graph all ranks know: `index[i]` edges belong to ranks 0..i, `edges` are the neighbours of all ranks, one after another. */
interface GraphShape {
  readonly index: readonly number[];
  readonly edges: readonly number[];
}

/**
 * A communicator of the first ranks of `comm`, as many as the graph has nodes; undefined for the others (MPI_Graph_create).
 * `index` may begin with a 0 more than MPI's when it covers all ranks. Throws PAR_ARGUMENT for an index that does not fit
 * and PAR_RANK for edges to ranks that are no node.
 */
export async function createGraph(
  comm: Comm,
  index: readonly number[],
  edges: readonly number[],
  { signal }: { reorder?: boolean } & Waitable = {},
): Promise<GraphCommunicator | undefined> {
  const shape = checkShape(comm, index, edges);
  const nodes = shape.index.length;
  if (comm.rank >= nodes) return undefined;
  return onGraph(await comm.derive([...Array(nodes).keys()], 'graph', signal), shape);
}

function checkShape(comm: Comm, given: readonly number[], edges: readonly number[]): GraphShape {
  const index = given.length === comm.size + 1 && given[0] === 0 ? given.slice(1) : [...given];
  if (index.length > comm.size) {
    throw new ArgumentRangeError(
      'PAR_ARGUMENT',
      `graph: the index has ${given.length} nodes, ${comm.name} has ${comm.size} ranks`,
    );
  }
  index.forEach((end, node) => {
    if (Number.isSafeInteger(end) && end >= (index[node - 1] ?? 0)) return;
    throw new ArgumentRangeError(
      'PAR_ARGUMENT',
      `graph: index[${node}] is ${end}, but must not be below its predecessor`,
    );
  });
  if ((index.at(-1) ?? 0) !== edges.length) {
    throw new ArgumentRangeError(
      'PAR_ARGUMENT',
      `graph: the index ends at ${index.at(-1) ?? 0}, but there are ${edges.length} edges`,
    );
  }
  const stray = edges.find((rank) => !Number.isInteger(rank) || rank < 0 || rank >= index.length);
  if (stray !== undefined) {
    throw new ArgumentRangeError(
      'PAR_RANK',
      `graph: an edge leads to ${stray}, but the nodes are 0 to ${index.length - 1}`,
    );
  }
  return { index: Object.freeze(index), edges: Object.freeze([...edges]) };
}

function onGraph(comm: Comm, shape: GraphShape): GraphCommunicator {
  return Object.assign(comm, neighborhoodCalls(comm.host, neighborhoodOf(shape, comm.rank)), {
    index: shape.index,
    edges: shape.edges,
    neighborsOf(rank: number) {
      if (Number.isInteger(rank) && rank >= 0 && rank < comm.size) return neighborsOf(shape, rank);
      throw new ArgumentRangeError('PAR_RANK', `neighborsOf: rank is ${rank}, but must be from 0 to ${comm.size - 1}`);
    },
    dup: async (options?: Waitable) =>
      onGraph(await comm.derive([...Array(comm.size).keys()], 'dup', options?.signal), shape),
  });
}

function neighborsOf({ index, edges }: GraphShape, rank: number): number[] {
  return edges.slice(index[rank - 1] ?? 0, index[rank]!);
}

/** MPI asks for graphs in which neighbours name each other. Where they do not, a rank hears from those that name it. */
function neighborhoodOf(shape: GraphShape, rank: number): Neighborhood {
  const neighbors = neighborsOf(shape, rank);
  const namedBy = shape.index.flatMap((_, node) =>
    neighborsOf(shape, node).flatMap((to) => (to === rank ? [node] : [])),
  );
  const symmetric = neighbors.toSorted((a, b) => a - b).join() === namedBy.join();
  return inOrder(symmetric ? neighbors : namedBy, neighbors);
}
