import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { computeDims } from '../../src/index.ts';

describe('computeDims', () => {
  it.each([
    [6, [0, 0], [3, 2]],
    [7, [0, 0], [7, 1]],
    [6, [0, 3, 0], [2, 3, 1]],
    [1, [0, 0, 0], [1, 1, 1]],
    [16, [0, 0], [4, 4]],
    [24, [0, 0, 0], [4, 3, 2]],
    [72, [0, 0, 0], [6, 4, 3]],
    [1000, [0, 0, 0], [10, 10, 10]],
    [60, [0, 0, 2, 0], [5, 3, 2, 2]],
    [12, [4, 3], [4, 3]],
    [5, [0], [5]],
    [1, [], []],
    [2520, [0, 0, 0, 0], [9, 8, 7, 5]],
  ])('%i ranks on %j: %j', (nodes, dims, expected) => {
    expect(computeDims(nodes, dims)).toEqual(expected);
  });

  it.each<[number, number[]]>([
    [7, [0, 3, 0]],
    [7, [2, 0]],
    [12, [3, 3]],
    [12, [2, 3]],
    [2, []],
    [0, [0]],
    [1.5, [0]],
    [4, [-1, 0]],
    [4, [0.5, 0]],
  ])('%f ranks do not fit %j', (nodes, dims) => {
    expect(() => computeDims(nodes, dims)).toThrow(expect.objectContaining({ code: 'PAR_ARGUMENT' }));
  });

  it('keeps what is fixed, covers all ranks, and is non-increasing elsewhere', () => {
    const fixed = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 6 })), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(fixed, fc.integer({ min: 1, max: 3000 }), (dims, factor) => {
        const nodes = dims.reduce((product, size) => product * (size || 1), dims.includes(0) ? factor : 1);
        const result = computeDims(nodes, dims);
        expect(result.reduce((product, size) => product * size, 1)).toBe(nodes);
        expect(result.filter((_, i) => dims[i] !== 0)).toEqual(dims.filter((size) => size !== 0));
        const filled = result.filter((_, i) => dims[i] === 0);
        expect(filled).toEqual(filled.toSorted((a, b) => b - a));
      }),
    );
  });

  it('is as balanced as any factorisation', () => {
    const spreadOf = (product: number, count: number): number => {
      const search = (rest: number, places: number, chosen: number[]): number => {
        if (places === 1) return Math.max(...chosen, rest) - Math.min(...chosen, rest);
        let best = Number.POSITIVE_INFINITY;
        for (let factor = 1; factor <= rest; factor++) {
          if (rest % factor === 0) best = Math.min(best, search(rest / factor, places - 1, [...chosen, factor]));
        }
        return best;
      };
      return search(product, count, []);
    };
    for (let nodes = 1; nodes <= 150; nodes++) {
      for (const count of [1, 2, 3]) {
        const dims = computeDims(nodes, new Array(count).fill(0));
        expect(Math.max(...dims) - Math.min(...dims), `${nodes} in ${count}`).toBe(spreadOf(nodes, count));
      }
    }
  });

  it('finds the grid of many ranks in many dimensions', () => {
    expect(computeDims(720_720, new Array(8).fill(0)).reduce((a, b) => a * b)).toBe(720_720);
    expect(computeDims(2 ** 40, new Array(20).fill(0))).toEqual(new Array(20).fill(4));
  });
});
