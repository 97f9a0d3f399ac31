import type { Communicator } from '../../comm/communicator.ts';
import { computeDims, PROC_NULL } from '../../index.ts';
import type { CartesianCommunicator, TopologyCommunicator } from '../../topology/topology.ts';
import type { ConformanceCase, Tools } from '../case.ts';
import { ranksOf, tagged } from '../tagged.ts';

const modulo = (x: number, n: number): number => ((x % n) + n) % n;

function checkCoordinates(grid: CartesianCommunicator, t: Tools): void {
  t.equal([...grid.coords], grid.coordsOf(grid.rank), 'own coordinates');
  for (const rank of ranksOf(grid.size)) t.equal(grid.rankOf(grid.coordsOf(rank)), rank, `rank ${rank} and back`);
  const wrapped = grid.coords.map((c, d) => c + (d % 2 ? -1 : 1) * grid.dims[d]!);
  t.equal(grid.rankOf(wrapped), grid.rank, 'coordinates one period off');
}

const cartesian: ConformanceCase = {
  name: 'periodic grids of one to five dimensions: coordinates, shifts, neighbours and sub-grids agree',
  async run(comm, t) {
    for (const dimensions of [1, 2, 3, 4, 5]) {
      const dims = computeDims(comm.size, new Array(dimensions).fill(0));
      t.equal(
        dims.reduce((product, n) => product * n, 1),
        comm.size,
        'the product of computeDims',
      );
      const grid = (await comm.cartesian(dims, { periodic: true }))!;
      t.equal([[...grid.dims], grid.size], [dims, comm.size], 'dims and size');
      checkCoordinates(grid, t);
      const neighbors: number[] = [];
      for (const dim of dims.keys()) {
        for (const disp of [1, -1, 2]) {
          const at = (by: number) => grid.rankOf(grid.coords.map((c, d) => (d === dim ? modulo(c + by, dims[d]!) : c)));
          t.equal(grid.shift(dim, disp), { source: at(-disp), dest: at(disp) }, `shift ${disp} along ${dim}`);
        }
        const { source, dest } = grid.shift(dim, 1);
        neighbors.push(source, dest);
      }
      t.equal([...grid.neighbors], neighbors, 'neighbours');
      // Many ranks that share cores take long to make communicators: the dimensions beyond the third are alike.
      const few = comm.size > 5 && dimensions > 3;
      for (const dropped of few ? [dimensions - 1] : dims.keys()) {
        const sub = await grid.sub(dims.map((_, d) => d !== dropped));
        t.equal(
          [...sub.dims],
          dims.filter((_, d) => d !== dropped),
          `dims without ${dropped}`,
        );
        t.equal(
          [...sub.coords],
          grid.coords.filter((_, d) => d !== dropped),
          `coordinates without ${dropped}`,
        );
        const line = await sub.allgather(grid.coords[dropped]);
        t.equal(new Set(line).size, 1, 'ranks of a sub-grid agree on the dropped coordinate');
        await sub.free();
      }
      await grid.free();
    }
  },
};

const edges: ConformanceCase = {
  name: 'a grid without periods has PROC_NULL beyond its edges, and a grid of fewer ranks leaves some out',
  async run(comm, t) {
    const { rank, size } = comm;
    const line = (await comm.cartesian([size]))!;
    t.equal([...line.periodic], [false], 'not periodic by default');
    const below = line.rank > 0 ? line.rank - 1 : PROC_NULL;
    const above = line.rank < size - 1 ? line.rank + 1 : PROC_NULL;
    t.equal(line.shift(0, 1), { source: below, dest: above }, 'shift by one');
    t.equal([...line.neighbors], [below, above], 'neighbours');
    t.equal(line.shift(0, size), { source: PROC_NULL, dest: PROC_NULL }, 'shift beyond both edges');
    const before = await line.sendrecv(tagged(line.rank, above), { dest: above, source: below });
    t.equal(before, below === PROC_NULL ? undefined : tagged(below, line.rank), 'a shifted value');
    await line.free();
    const fewer = await comm.cartesian([Math.max(1, size - 1)], { periodic: [true] });
    t.equal(fewer === undefined, size > 1 && rank === size - 1, 'the last rank is left out');
    t.equal(fewer?.size, fewer && Math.max(1, size - 1), 'the size');
    await fewer?.free();
  },
};

const badGrids: ConformanceCase = {
  name: 'grids that do not fit are refused',
  async run(comm, t) {
    const codes = ['PAR_ARGUMENT', 'PAR_COUNT', 'PAR_RANK'] as const;
    await t.refuses(() => comm.cartesian([comm.size + 1]), codes, 'more ranks than there are');
    await t.refuses(() => comm.cartesian([comm.size, 1], { periodic: [true] }), codes, 'too few periods');
    await t.refuses(() => comm.cartesian([-1]), codes, 'a negative dimension');
    await t.refuses(async () => computeDims(7, [2, 0]), codes, 'dimensions that do not divide');
    const line = (await comm.cartesian([comm.size]))!;
    await t.refuses(async () => line.rankOf([comm.size]), codes, 'coordinates outside');
    await t.refuses(async () => line.shift(1, 1), codes, 'a dimension it does not have');
    await line.free();
  },
};

/** Index and edges, as MPI takes them, of the ring in which everybody knows both neighbours. */
function ringGraph(size: number): { index: number[]; edges: number[] } {
  const edges = ranksOf(size).flatMap((r) => [modulo(r - 1, size), (r + 1) % size]);
  return { index: ranksOf(size).map((r) => 2 * (r + 1)), edges };
}

const graph: ConformanceCase = {
  name: 'a general graph knows the neighbours of every rank',
  async run(comm, t) {
    const { size } = comm;
    const { index, edges: list } = ringGraph(size);
    const ring = (await comm.graph(index, list))!;
    t.equal([[...ring.index], [...ring.edges]], [index, list], 'index and edges');
    for (const r of ranksOf(size)) t.equal(ring.neighborsOf(r), [modulo(r - 1, size), (r + 1) % size], `of rank ${r}`);
    t.equal([...ring.sources], ring.neighborsOf(ring.rank), 'sources');
    t.equal([...ring.destinations], ring.neighborsOf(ring.rank), 'destinations');
    await ring.free();
    // A star: rank 0 knows everybody.
    const degrees = ranksOf(size).map((r) => (r === 0 ? size - 1 : 1));
    const starIndex = degrees.map((_, r) => degrees.slice(0, r + 1).reduce((a, b) => a + b, 0));
    const starEdges = ranksOf(size).flatMap((r) => (r === 0 ? ranksOf(size).slice(1) : [0]));
    const star = (await comm.graph(starIndex, starEdges))!;
    const got = await star.neighborAllgather(tagged(star.rank, -1));
    const expected = star.rank === 0 ? ranksOf(size).slice(1) : [0];
    t.equal(
      got,
      expected.map((r) => tagged(r, -1)),
      'neighborAllgather on the star',
    );
    await star.free();
  },
};

/** Rank r receives from r − 2 and r − 1 and sends to r + 1 and r + 2. */
async function adjacent(comm: Communicator) {
  const { rank, size } = comm;
  const sources = [modulo(rank - 2, size), modulo(rank - 1, size)];
  const destinations = [(rank + 1) % size, (rank + 2) % size];
  return { sources, destinations, made: await comm.distGraphAdjacent(sources, destinations) };
}

const distGraphs: ConformanceCase = {
  name: 'distributed graphs are made from the own neighbours or from edges anyone names, with and without weights',
  async run(comm, t) {
    const { rank, size } = comm;
    const { sources, destinations, made } = await adjacent(comm);
    t.equal([[...made.sources], [...made.destinations]], [sources, destinations], 'own neighbours');
    t.equal([made.sourceWeights, made.destWeights], [undefined, undefined], 'no weights');
    await made.free();
    const weighted = await comm.distGraphAdjacent([(rank + 1) % size], [modulo(rank - 1, size)], {
      sourceWeights: [rank + 1],
      destWeights: [rank],
    });
    t.equal([[...weighted.sourceWeights!], [...weighted.destWeights!]], [[rank + 1], [rank]], 'weights');
    await weighted.free();
    // Each rank names the edge of its right neighbour: r + 1 → r + 2, with weight r.
    const named = await comm.distGraph([(rank + 1) % size], [1], [(rank + 2) % size], { weights: [rank] });
    t.equal([...named.destinations], [(rank + 1) % size], 'destination named by another rank');
    t.equal([...named.sources], [modulo(rank - 1, size)], 'source named by another rank');
    t.equal([...named.destWeights!], [modulo(rank - 1, size)], 'weight named by another rank');
    t.equal(await named.neighborAllgather(rank), [modulo(rank - 1, size)], 'an exchange along it');
    await named.free();
    const empty = await comm.distGraph([], [], []);
    t.equal([[...empty.sources], [...empty.destinations]], [[], []], 'no edges');
    t.equal(await empty.neighborAlltoall([]), [], 'an exchange without edges');
    await empty.free();
  },
};

/** Runs every neighbourhood collective on a topology whose edges carry one message each way. */
async function exchange(topology: TopologyCommunicator, t: Tools, what: string): Promise<void> {
  const { rank, sources, destinations } = topology;
  const from = <T>(make: (source: number, i: number) => T, none: T) =>
    sources.map((source, i) => (source === PROC_NULL ? none : make(source, i)));
  const gathered = await topology.neighborAllgather(tagged(rank, -1));
  t.equal(
    gathered,
    from<unknown>((source) => tagged(source, -1), undefined),
    `neighborAllgather, ${what}`,
  );
  const outgoing = destinations.map((dest) => tagged(rank, dest));
  const incoming = await topology.neighborAlltoall(outgoing);
  t.equal(
    incoming,
    from<unknown>((source) => tagged(source, rank), undefined),
    `neighborAlltoall, ${what}`,
  );
  const all = new Int32Array(2 * sources.length).fill(-1);
  await topology.neighborAllgatherInto(Int32Array.of(rank, rank + 1), all);
  t.equal(all, Int32Array.from(from((s) => [s, s + 1], [-1, -1]).flat()), `neighborAllgatherInto, ${what}`);
  const crossed = new Int32Array(sources.length).fill(-1);
  await topology.neighborAlltoallInto(
    Int32Array.from(destinations, (dest) => rank * 100 + dest),
    crossed,
  );
  t.equal(crossed, Int32Array.from(from((s) => s * 100 + rank, -1)), `neighborAlltoallInto, ${what}`);
}

const neighborhoods: ConformanceCase = {
  name: 'neighbourhood collectives exchange with exactly the neighbours of each topology',
  async run(comm, t) {
    const { size } = comm;
    const { made } = await adjacent(comm);
    await exchange(made, t, 'distributed graph');
    await made.free();
    const line = (await comm.cartesian([size]))!;
    await exchange(line, t, 'line');
    await line.free();
    const dims = computeDims(size, [0, 0]);
    const torus = (await comm.cartesian(dims, { periodic: true }))!;
    await exchange(torus, t, 'torus');
    await torus.free();
    const { index, edges: list } = ringGraph(size);
    const ring = (await comm.graph(index, list))!;
    await exchange(ring, t, 'ring graph');
    await ring.free();
  },
};

const directions: ConformanceCase = {
  name: 'what goes in the negative direction of a grid arrives from the positive one, even where both are one rank',
  async run(comm, t) {
    const { size } = comm;
    const half = size % 2 === 0 ? [2, size / 2] : [1, size];
    for (const dims of [[size], half]) {
      const grid = (await comm.cartesian(dims, { periodic: true }))!;
      const message = (source: number, slot: number) => ({ source, slot });
      const sent = grid.neighbors.map((_, slot) => message(grid.rank, slot));
      // The neighbour below sends to its upper side what arrives here from below, and the reverse.
      const expected = grid.neighbors.map((source, slot) => message(source, slot ^ 1));
      t.equal(await grid.neighborAlltoall(sent), expected, `values, ${dims.join('×')}`);
      const into = new Int32Array(sent.length);
      await grid.neighborAlltoallInto(
        Int32Array.from(sent, ({ slot }) => grid.rank * 10 + slot),
        into,
      );
      t.equal(
        into,
        Int32Array.from(expected, ({ source, slot }) => source * 10 + slot),
        `buffers, ${dims.join('×')}`,
      );
      await grid.free();
    }
  },
};

const unevenNeighbors: ConformanceCase = {
  name: 'neighbourhood collectives of buffers take counts and displs for each neighbour',
  async run(comm, t) {
    const { rank, size } = comm;
    const left = modulo(rank - 1, size);
    const right = (rank + 1) % size;
    // Rank r sends r mod 3 + 1 elements to its right neighbour and none to the one after it.
    const after = (rank + 2) % size;
    const ring = await comm.distGraphAdjacent([left, modulo(rank - 2, size)], [right, after]);
    const length = (r: number) => (r % 3) + 1;
    const recv = new Int32Array(8).fill(-1);
    await ring.neighborAlltoallInto(new Int32Array(length(rank)).fill(rank), recv, {
      sendCounts: [length(rank), 0],
      sendDispls: [0, length(rank)],
      recvCounts: [length(left), 0],
      recvDispls: [2, 7],
    });
    const expected = new Int32Array(8).fill(-1);
    expected.fill(left, 2, 2 + length(left));
    t.equal(recv, expected, 'neighborAlltoallInto');
    await ring.free();
    const pair = await comm.distGraphAdjacent([left], [right]);
    const gathered = new Int32Array(6).fill(-1);
    await pair.neighborAllgatherInto(new Int32Array(length(rank)).fill(rank), gathered, {
      counts: [length(left)],
      displs: [1],
    });
    const wanted = new Int32Array(6).fill(-1);
    wanted.fill(left, 1, 1 + length(left));
    t.equal(gathered, wanted, 'neighborAllgatherInto');
    await pair.free();
  },
};

export const topologies: readonly ConformanceCase[] = [
  cartesian,
  edges,
  badGrids,
  graph,
  distGraphs,
  neighborhoods,
  directions,
  unevenNeighbors,
];
