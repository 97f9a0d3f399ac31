import { ArgumentRangeError } from '../errors.ts';

/**
 * A grid of `nodes` ranks with as many dimensions as `dims` has entries (MPI_Dims_create): entries above 0 are kept, zeros are
 * filled so that the sizes are as close to each other as possible, in non-increasing order. Returns a new list. "As close
 * as possible" is the smallest difference between largest and smallest, then the smallest largest (Träff & Lübbe, EuroMPI
 * 2015, show that assigning prime factors greedily misses it). Throws PAR_ARGUMENT if the kept entries do not divide `nodes`.
 */
export function computeDims(nodes: number, dims: readonly number[]): number[] {
  if (!Number.isSafeInteger(nodes) || nodes < 1) {
    throw new ArgumentRangeError('PAR_ARGUMENT', `computeDims: nodes is ${nodes}, but must be an integer ≥ 1`);
  }
  let rest = nodes;
  for (const size of dims) {
    if (!Number.isSafeInteger(size) || size < 0) {
      throw new ArgumentRangeError('PAR_ARGUMENT', `computeDims: dims has ${size}, but entries must be integers ≥ 0`);
    }
    if (size === 0) continue;
    if (rest % size !== 0) throw indivisible(nodes, dims);
    rest /= size;
  }
  const free = dims.filter((size) => size === 0).length;
  if (free === 0 && rest !== 1) throw indivisible(nodes, dims);
  const filled = balanced(rest, free);
  return dims.map((size) => (size === 0 ? filled.shift()! : size));
}

function indivisible(nodes: number, dims: readonly number[]): ArgumentRangeError {
  return new ArgumentRangeError(
    'PAR_ARGUMENT',
    `computeDims: ${nodes} ranks do not fit a grid of [${dims.join(', ')}]; the entries above 0 must divide them${dims.includes(0) ? '' : ', exactly when none is 0'}`,
  );
}

/** The most balanced non-increasing factorisation of `product` into `count` factors, by search over its divisors. */
function balanced(product: number, count: number): number[] {
  if (count === 0) return [];
  const divisors = divisorsOf(product);
  let best: number[] = [product, ...new Array<number>(count - 1).fill(1)];
  const better = (largest: number, smallest: number) => {
    const spread = largest - smallest;
    const bestSpread = best[0]! - best.at(-1)!;
    return spread < bestSpread || (spread === bestSpread && largest < best[0]!);
  };
  const factors: number[] = [];
  const search = (rest: number, places: number, limit: number): void => {
    if (places === 1) {
      if (rest <= limit && better(factors[0] ?? rest, rest)) best = [...factors, rest];
      return;
    }
    for (const factor of divisors) {
      if (factor > limit) return;
      // The factors after this one are no larger, and the last is at most their geometric mean.
      if (rest % factor !== 0 || factor ** places < rest) continue;
      const atMost = Math.floor((rest / factor) ** (1 / (places - 1)) * (1 + 1e-9));
      if (!better(factors[0] ?? factor, atMost)) continue;
      factors.push(factor);
      search(rest / factor, places - 1, factor);
      factors.pop();
    }
  };
  search(product, count, product);
  return best;
}

function divisorsOf(product: number): number[] {
  const low: number[] = [];
  const high: number[] = [];
  for (let divisor = 1; divisor * divisor <= product; divisor++) {
    if (product % divisor !== 0) continue;
    low.push(divisor);
    if (divisor * divisor !== product) high.unshift(product / divisor);
  }
  return [...low, ...high];
}
