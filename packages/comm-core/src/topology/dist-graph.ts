import type { Waitable } from '../comm/communicator.ts';
import type { Comm } from '../comm/intracomm.ts';
import { ArgumentRangeError, MismatchError } from '../errors.ts';
import { inOrder, neighborhoodCalls } from './neighborhood.ts';
import type { DistGraphCommunicator } from './topology.ts';

/** What one rank of a distributed graph knows. Weights go with the lists above them. */
interface Adjacency {
  readonly sources: readonly number[];
  readonly destinations: readonly number[];
  readonly sourceWeights: readonly number[] | undefined;
  readonly destWeights: readonly number[] | undefined;
}

/**
 * A communicator of all ranks in which each has named its own neighbours. Throws PAR_RANK and PAR_COUNT for bad lists;
 * PAR_MISMATCH, on all ranks, if an edge is named at one of its ends only or some ranks alone pass weights.
 */
export async function createDistGraphAdjacent(
  comm: Comm,
  sources: readonly number[],
  destinations: readonly number[],
  options: { sourceWeights?: readonly number[]; destWeights?: readonly number[] } = {},
): Promise<DistGraphCommunicator> {
  const what = 'distGraphAdjacent';
  checkRanks(what, 'sources', sources, comm.size);
  checkRanks(what, 'destinations', destinations, comm.size);
  const { sourceWeights, destWeights } = options;
  checkWeights(what, 'sourceWeights', sourceWeights, sources.length);
  checkWeights(what, 'destWeights', destWeights, destinations.length);
  const mine: Adjacency = {
    sources: [...sources],
    destinations: [...destinations],
    // MPI_UNWEIGHTED covers both lists; one of them may be left out if it is empty.
    sourceWeights: sourceWeights && [...sourceWeights],
    destWeights: destWeights && [...destWeights],
  };
  const made = await comm.derive([...Array(comm.size).keys()], 'distGraph');
  // On the new communicator: nothing else can come between.
  const all = await made.allgather(mine);
  const problem = inconsistency(all);
  if (problem !== undefined) {
    await made.free();
    throw new MismatchError(`${what}: ${problem}`);
  }
  return onDistGraph(made, mine);
}

/**
 * A communicator of all ranks in which any rank has named any edges: `degrees[i]` destinations of `sources[i]`. Each rank's
 * neighbours are in the order of the ranks that named them. Throws PAR_RANK and PAR_COUNT for bad lists, PAR_MISMATCH,
 * on all ranks, if some ranks alone pass weights.
 */
export async function createDistGraph(
  comm: Comm,
  sources: readonly number[],
  degrees: readonly number[],
  destinations: readonly number[],
  options: { weights?: readonly number[] } = {},
): Promise<DistGraphCommunicator> {
  const what = 'distGraph';
  checkRanks(what, 'sources', sources, comm.size);
  checkRanks(what, 'destinations', destinations, comm.size);
  const total = degrees.reduce((sum, degree) => sum + degree, 0);
  const counted = degrees.every((degree) => Number.isSafeInteger(degree) && degree >= 0);
  if (!counted || degrees.length !== sources.length || total !== destinations.length) {
    throw new ArgumentRangeError(
      'PAR_COUNT',
      `${what}: degrees must be one integer ≥ 0 for each of ${sources.length} sources, ${destinations.length} in all; got ${JSON.stringify(degrees)}`,
    );
  }
  const { weights } = options;
  checkWeights(what, 'weights', weights, destinations.length);
  const from = sources.flatMap((source, i) => new Array<number>(degrees[i]!).fill(source));
  const made = await comm.derive([...Array(comm.size).keys()], 'distGraph');
  const all = await made.allgather({ from, to: [...destinations], weights: weights && [...weights] });
  const contributions = all.filter(({ to }) => to.length > 0);
  const weighted = contributions.some((named) => named.weights !== undefined);
  if (weighted && contributions.some((named) => named.weights === undefined)) {
    await made.free();
    throw new MismatchError(`${what}: some ranks pass weights and some do not`);
  }
  const edges = contributions.flatMap((named) =>
    named.from.map((source, i) => ({ source, dest: named.to[i]!, weight: named.weights?.[i] ?? 0 })),
  );
  const incoming = edges.filter(({ dest }) => dest === comm.rank);
  const outgoing = edges.filter(({ source }) => source === comm.rank);
  const hasWeights = weighted || (contributions.length === 0 && weights !== undefined);
  return onDistGraph(made, {
    sources: incoming.map(({ source }) => source),
    destinations: outgoing.map(({ dest }) => dest),
    sourceWeights: hasWeights ? incoming.map(({ weight }) => weight) : undefined,
    destWeights: hasWeights ? outgoing.map(({ weight }) => weight) : undefined,
  });
}

function onDistGraph(comm: Comm, adjacency: Adjacency): DistGraphCommunicator {
  const { sources, destinations, sourceWeights, destWeights } = adjacency;
  return Object.assign(comm, neighborhoodCalls(comm.host, inOrder(sources, destinations)), {
    sourceWeights: sourceWeights && Object.freeze([...sourceWeights]),
    destWeights: destWeights && Object.freeze([...destWeights]),
    dup: async (options?: Waitable) =>
      onDistGraph(await comm.derive([...Array(comm.size).keys()], 'dup', options?.signal), adjacency),
  });
}

/** What is wrong with the lists of all ranks, the same on every rank. */
function inconsistency(all: readonly Adjacency[]): string | undefined {
  const balance = new Map<string, number>();
  const add = (source: number, dest: number, by: number) => {
    const edge = `${source} → ${dest}`;
    balance.set(edge, (balance.get(edge) ?? 0) + by);
  };
  all.forEach(({ sources, destinations }, rank) => {
    for (const dest of destinations) add(rank, dest, 1);
    for (const source of sources) add(source, rank, -1);
  });
  for (const [edge, surplus] of balance) {
    if (surplus !== 0) return `edge ${edge} is named by its ${surplus > 0 ? 'source' : 'destination'} only`;
  }
  const weights = (has: boolean) =>
    all.findIndex(
      ({ sources, destinations, sourceWeights, destWeights }) =>
        (sources.length > 0 && (sourceWeights !== undefined) === has) ||
        (destinations.length > 0 && (destWeights !== undefined) === has),
    );
  const [weighted, unweighted] = [weights(true), weights(false)];
  if (weighted < 0 || unweighted < 0) return undefined;
  return `rank ${weighted} passes weights, rank ${unweighted} leaves some out`;
}

function checkRanks(what: string, name: string, ranks: readonly number[], size: number): void {
  if (Array.isArray(ranks) && ranks.every((rank) => Number.isInteger(rank) && rank >= 0 && rank < size)) return;
  throw new ArgumentRangeError(
    'PAR_RANK',
    `${what}: ${name} must be a list of ranks from 0 to ${size - 1}, got ${JSON.stringify(ranks)}`,
  );
}

function checkWeights(what: string, name: string, weights: readonly number[] | undefined, edges: number): void {
  if (weights === undefined) return;
  if (Array.isArray(weights) && weights.length === edges && weights.every((weight) => weight >= 0)) return;
  throw new ArgumentRangeError(
    'PAR_COUNT',
    `${what}: ${name} must be one number ≥ 0 for each of ${edges} edges, got ${JSON.stringify(weights)}`,
  );
}
