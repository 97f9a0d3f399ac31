import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { onRanks } from './on-ranks.ts';

describe('a graph', () => {
  // 0 – 1, 1 – 2, 2 – 0, 2 – 3
  const index = [2, 4, 7, 8];
  const edges = [1, 2, 0, 2, 0, 1, 3, 2];
  const neighbors = [[1, 2], [0, 2], [0, 1, 3], [2]];

  it('knows everybody’s neighbours and exchanges with its own', async () => {
    const got = await onRanks(5, async (world) => {
      const graph = await world.graph(index, edges, { reorder: true });
      if (graph === undefined) return undefined;
      expect(neighbors.map((_, rank) => graph.neighborsOf(rank))).toEqual(neighbors);
      expect([graph.index, graph.edges]).toEqual([index, edges]);
      expect(() => graph.neighborsOf(4)).toThrow(expect.objectContaining({ code: 'PAR_RANK' }));
      const sent = graph.destinations.map((dest) => `${graph.rank} to ${dest}`);
      return graph.neighborAlltoall(sent);
    });
    neighbors.forEach((sources, rank) => {
      expect(got[rank]).toEqual(sources.map((source) => `${source} to ${rank}`));
    });
    expect(got[4]).toBeUndefined();
  });

  it('may have an index that begins with 0, for all ranks', async () => {
    const got = await onRanks(4, async (world) => {
      const graph = (await world.graph([0, ...index], edges))!;
      expect(graph.index).toEqual(index);
      return graph.neighborAllgather(graph.rank);
    });
    expect(got).toEqual(neighbors);
  });

  it('may have a first node without neighbours', async () => {
    const got = await onRanks(3, async (world) =>
      (await world.graph([0, 1, 2], [2, 1]))!.neighborAllgather(world.rank),
    );
    expect(got).toEqual([[], [2], [1]]);
  });

  it('that is not symmetric still ends its exchanges: a rank hears from those that name it', async () => {
    const got = await onRanks(3, async (world) => {
      const graph = (await world.graph([2, 2, 3], [1, 2, 1]))!;
      expect(graph.destinations).toEqual(graph.neighborsOf(graph.rank));
      return graph.neighborAllgather(graph.rank);
    });
    expect(got).toEqual([[], [0, 2], [0]]);
  });

  it('keeps several edges between two ranks apart, in order, and edges to itself', async () => {
    const got = await onRanks(2, async (world) => {
      const graph = (await world.graph([4, 7], [1, 0, 1, 1, 0, 0, 0]))!;
      return graph.neighborAlltoall(graph.destinations.map((_, i) => `${graph.rank}.${i}`));
    });
    expect(got).toEqual([
      ['1.0', '0.1', '1.1', '1.2'],
      ['0.0', '0.2', '0.3'],
    ]);
  });

  it.each<[string, number[], number[], string]>([
    ['more nodes than ranks', [1, 2, 3, 4], [1, 0, 3, 2], 'PAR_ARGUMENT'],
    ['an index that goes down', [2, 1, 2], [1, 2], 'PAR_ARGUMENT'],
    ['an index that does not end at the edges', [1, 2, 3], [1, 0], 'PAR_ARGUMENT'],
    ['an edge to a rank that is no node', [1, 2], [1, 2], 'PAR_RANK'],
    ['a negative edge', [1, 2], [1, -1], 'PAR_RANK'],
  ])('with %s is refused', async (_, badIndex, badEdges, code) => {
    await onRanks(3, async (world) => {
      await expect(world.graph(badIndex, badEdges)).rejects.toMatchObject({ code });
    });
  });
});

describe('a distributed graph', () => {
  it('of neighbours each rank names itself, with weights', async () => {
    await onRanks(5, async (world) => {
      const { rank, size } = world;
      const at = (by: number) => (rank + by + size) % size;
      const graph = await world.distGraphAdjacent([at(-2), at(-1)], [at(1), at(2)], {
        sourceWeights: [2, 1],
        destWeights: [1, 2],
      });
      expect([graph.sources, graph.destinations]).toEqual([
        [at(-2), at(-1)],
        [at(1), at(2)],
      ]);
      expect([graph.sourceWeights, graph.destWeights]).toEqual([
        [2, 1],
        [1, 2],
      ]);
      expect(await graph.neighborAlltoall([`${rank} near`, `${rank} far`])).toEqual([
        `${at(-2)} far`,
        `${at(-1)} near`,
      ]);
    });
  });

  it('named at one end only is refused on all ranks, which can go on', async () => {
    await onRanks(3, async (world) => {
      const attempt = world.distGraphAdjacent([], world.rank === 0 ? [1] : []);
      await expect(attempt).rejects.toMatchObject({
        code: 'PAR_MISMATCH',
        message: expect.stringContaining('edge 0 → 1 is named by its source only'),
      });
      expect(await world.allgather(world.rank)).toEqual([0, 1, 2]);
    });
  });

  it('with weights on some ranks only is refused on all ranks', async () => {
    await onRanks(2, async (world) => {
      const other = 1 - world.rank;
      const weights = world.rank === 0 ? { sourceWeights: [1], destWeights: [1] } : {};
      await expect(world.distGraphAdjacent([other], [other], weights)).rejects.toMatchObject({ code: 'PAR_MISMATCH' });
      const some = world.rank === 0 ? { weights: [1] } : {};
      await expect(world.distGraph([world.rank], [1], [other], some)).rejects.toMatchObject({ code: 'PAR_MISMATCH' });
    });
  });

  it.each<[string, () => [number[], number[], object?], string]>([
    ['ranks that do not exist', () => [[0], [9]], 'PAR_RANK'],
    ['too few weights', () => [[0], [0], { sourceWeights: [], destWeights: [1] }], 'PAR_COUNT'],
    ['negative weights', () => [[0], [0], { sourceWeights: [-1], destWeights: [1] }], 'PAR_COUNT'],
  ])('of %s is refused', async (_, lists, code) => {
    await onRanks(2, async (world) => {
      const [sources, destinations, options] = lists();
      await expect(world.distGraphAdjacent(sources, destinations, options)).rejects.toMatchObject({ code });
    });
  });

  it.each<[number[], number[], number[], string]>([
    [[0], [2], [1], 'PAR_COUNT'],
    [[0, 1], [1], [1], 'PAR_COUNT'],
    [[0], [-1], [], 'PAR_COUNT'],
    [[0], [1], [2], 'PAR_RANK'],
    [[5], [1], [0], 'PAR_RANK'],
  ])('of sources %j, degrees %j, destinations %j is refused', async (sources, degrees, destinations, code) => {
    await onRanks(2, async (world) => {
      await expect(world.distGraph(sources, degrees, destinations)).rejects.toMatchObject({ code });
    });
  });

  it('carries every message along its own edge, for any edges named by any rank', async () => {
    const size = 4;
    const edge = fc.record({ by: fc.nat(size - 1), from: fc.nat(size - 1), to: fc.nat(size - 1) });
    await fc.assert(
      fc.asyncProperty(fc.array(edge, { maxLength: 12 }), async (edges) => {
        const received = await onRanks(size, async (world) => {
          const mine = edges.filter(({ by }) => by === world.rank);
          const graph = await world.distGraph(
            mine.map(({ from }) => from),
            mine.map(() => 1),
            mine.map(({ to }) => to),
            { weights: mine.map((_, i) => i) },
          );
          const sent = graph.destinations.map((to, i) => ({ from: world.rank, to, weight: graph.destWeights![i]! }));
          const values = await graph.neighborAlltoall(sent);
          expect(values).toEqual(
            graph.sources.map((from, i) => ({ from, to: world.rank, weight: graph.sourceWeights![i]! })),
          );
          return values.length;
        });
        const incoming = Array.from({ length: size }, (_, rank) => edges.filter(({ to }) => to === rank).length);
        expect(received).toEqual(incoming);
      }),
      { numRuns: 50 },
    );
  });

  it('keeps its neighbours in a duplicate', async () => {
    await onRanks(3, async (world) => {
      const next = (world.rank + 1) % 3;
      const before = (world.rank + 2) % 3;
      const graph = (await (await world.distGraphAdjacent([before], [next])).dup()) as unknown as {
        neighborAllgather(value: number): Promise<number[]>;
      };
      expect(await graph.neighborAllgather(world.rank)).toEqual([before]);
    });
  });
});
