import { ArgumentTypeError } from '../errors.ts';

/** `PAR_COLL_<OP>` as it was when the program started: reading the environment costs more than a small collective's choice. */
const CHOSEN: ReadonlyMap<string, string> = new Map(
  Object.entries(process.env).flatMap(([name, value]) =>
    name.startsWith('PAR_COLL_') && value ? [[name.slice('PAR_COLL_'.length), value] as const] : [],
  ),
);

/** Every name `PAR_COLL_<OP>` may have. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  BARRIER: ['linear', 'dissemination'],
  BCAST: ['linear', 'binomial', 'pipelined', 'chain', 'scatter-allgather'],
  GATHER: ['linear', 'binomial'],
  SCATTER: ['linear', 'binomial'],
  ALLGATHER: ['linear', 'recursive-doubling', 'bruck', 'neighbor-exchange', 'ring'],
  ALLTOALL: ['scattered', 'pairwise', 'bruck'],
  REDUCE: ['binomial', 'rabenseifner'],
  ALLREDUCE: ['allgather', 'recursive-doubling', 'rabenseifner', 'ring'],
  REDUCE_SCATTER: ['recursive-halving', 'pairwise', 'ordered'],
  SCAN: ['recursive-doubling', 'linear', 'pipelined'],
};

/**
 * The algorithm `PAR_COLL_<OP>` asks for, where it can do this call; undefined where it cannot (a ring for an op that does
 * not commute) or nothing was asked. Must be set alike on all ranks. Throws PAR_ENVIRONMENT for a name that does not exist.
 */
export function override<A extends string>(operation: string, possible: readonly A[]): A | undefined {
  if (CHOSEN.size === 0) return undefined;
  const name = CHOSEN.get(operation);
  if (name === undefined) return undefined;
  const chosen = possible.find((algorithm) => algorithm === name);
  if (chosen === undefined && !NAMES[operation]!.includes(name)) {
    throw new ArgumentTypeError(
      'PAR_ENVIRONMENT',
      `PAR_COLL_${operation}=${name} is no algorithm; choose one of ${NAMES[operation]!.join(', ')}`,
    );
  }
  return chosen;
}
