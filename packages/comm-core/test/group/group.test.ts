import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Group, PROC_NULL, UNDEFINED } from '../../src/index.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });

describe('Group', () => {
  const group = new Group([4, 2, 7, 0], 7);

  it('knows its size and the rank of this process', () => {
    expect(group.size).toBe(4);
    expect(group.rank).toBe(2);
    expect(new Group([4, 2], 7).rank).toBe(UNDEFINED);
    expect(Group.EMPTY.size).toBe(0);
    expect(Group.EMPTY.rank).toBe(UNDEFINED);
  });

  it('unites in the order of the first, then of the second', () => {
    expect(group.union(new Group([9, 7, 1])).ranks).toEqual([4, 2, 7, 0, 9, 1]);
  });

  it('intersects and subtracts in the order of the first', () => {
    expect(group.intersection(new Group([0, 9, 4])).ranks).toEqual([4, 0]);
    expect(group.difference(new Group([0, 9, 4])).ranks).toEqual([2, 7]);
  });

  it('still knows this process after every operation', () => {
    const other = new Group([7, 9], 7);
    expect(group.union(other).rank).toBe(2);
    expect(group.intersection(other).rank).toBe(0);
    expect(group.difference(new Group([4])).rank).toBe(1);
    expect(group.include([3, 2]).rank).toBe(1);
    expect(group.exclude([2]).rank).toBe(UNDEFINED);
    expect(Group.EMPTY.union(other).rank).toBe(0);
  });

  it('includes in the order asked for and excludes in its own', () => {
    expect(group.include([3, 0]).ranks).toEqual([0, 4]);
    expect(group.exclude([3, 0]).ranks).toEqual([2, 7]);
    expect(group.include([]).compare(Group.EMPTY)).toBe('ident');
    expect(group.exclude([]).compare(group)).toBe('ident');
  });

  it('includes and excludes ranges with both ends, forwards and backwards', () => {
    const ten = new Group([...Array(10).keys()]);
    expect(ten.rangeInclude([[1, 9, 4]]).ranks).toEqual([1, 5, 9]);
    expect(ten.rangeInclude([[1, 8, 4]]).ranks).toEqual([1, 5]);
    expect(
      ten.rangeInclude([
        [6, 2, -2],
        [0, 0, 1],
      ]).ranks,
    ).toEqual([6, 4, 2, 0]);
    expect(ten.rangeExclude([[9, 1, -1]]).ranks).toEqual([0]);
    expect(ten.rangeInclude([[0, 9, 1]]).compare(ten)).toBe('ident');
    expect(ten.rangeInclude([[5, 3, 1]]).size).toBe(0);
  });

  it('translates ranks to another group', () => {
    const other = new Group([0, 7, 9]);
    expect(group.translateRanks([0, 2, 3, PROC_NULL], other)).toEqual([UNDEFINED, 1, 0, PROC_NULL]);
    expect(group.translateRanks([0, 1], Group.EMPTY)).toEqual([UNDEFINED, UNDEFINED]);
  });

  it('compares', () => {
    expect(group.compare(new Group([4, 2, 7, 0]))).toBe('ident');
    expect(group.compare(new Group([0, 2, 4, 7]))).toBe('similar');
    expect(group.compare(new Group([0, 2, 4, 8]))).toBe('unequal');
    expect(group.compare(new Group([4, 2, 7]))).toBe('unequal');
    expect(Group.EMPTY.compare(new Group([]))).toBe('ident');
  });

  it('refuses bad ranks', () => {
    expect(() => new Group([1, 1])).toThrow(code('PAR_RANK'));
    expect(() => new Group([-1])).toThrow(code('PAR_RANK'));
    expect(() => new Group([0.5])).toThrow(code('PAR_RANK'));
    for (const ranks of [[4], [-1], [0, 0], [Number.NaN]]) {
      expect(() => group.include(ranks)).toThrow(code('PAR_RANK'));
      expect(() => group.exclude(ranks)).toThrow(code('PAR_RANK'));
    }
    expect(() => group.translateRanks([4], group)).toThrow(code('PAR_RANK'));
    expect(() => group.rangeInclude([[0, 4, 1]])).toThrow(code('PAR_RANK'));
    expect(() =>
      group.rangeInclude([
        [0, 2, 1],
        [1, 1, 1],
      ]),
    ).toThrow(code('PAR_RANK'));
    expect(() => group.rangeExclude([[0, 3, 0]])).toThrow(code('PAR_ARGUMENT'));
    expect(() => group.union([1] as unknown as Group)).toThrow(code('PAR_ARGUMENT'));
  });
});

describe('the algebra of groups', () => {
  const groups = fc.uniqueArray(fc.nat(20), { maxLength: 12 }).map((ranks) => new Group(ranks, 3));
  const same = (a: Group, b: Group) => a.compare(b) !== 'unequal';

  it('holds for any three groups', () => {
    fc.assert(
      fc.property(groups, groups, groups, (a, b, c) => {
        expect(a.union(a).compare(a)).toBe('ident');
        expect(a.intersection(a).compare(a)).toBe('ident');
        expect(a.difference(a).size).toBe(0);
        expect(a.union(Group.EMPTY).compare(a)).toBe('ident');
        expect(Group.EMPTY.union(a).compare(a)).toBe('ident');
        expect(a.intersection(Group.EMPTY).size).toBe(0);
        expect(same(a.union(b), b.union(a))).toBe(true);
        expect(same(a.intersection(b), b.intersection(a))).toBe(true);
        expect(
          a
            .union(b)
            .union(c)
            .compare(a.union(b.union(c))),
        ).toBe('ident');
        expect(a.intersection(b.union(c)).size).toBe(a.intersection(b).union(a.intersection(c)).size);
        expect(a.difference(b).union(a.intersection(b)).compare(a)).not.toBe('unequal');
        expect(a.union(b).size + a.intersection(b).size).toBe(a.size + b.size);
      }),
    );
  });

  it('translates there and back', () => {
    fc.assert(
      fc.property(groups, groups, (a, b) => {
        const ranks = [...a.ranks.keys()];
        a.translateRanks(ranks, b).forEach((there, rank) => {
          if (there !== UNDEFINED) expect(b.translateRanks([there], a)).toEqual([rank]);
          else expect(b.ranks).not.toContain(a.ranks[rank]);
        });
      }),
    );
  });

  it('splits into what is included and what is excluded', () => {
    fc.assert(
      fc.property(groups, fc.uniqueArray(fc.nat(11), { maxLength: 12 }), (group, chosen) => {
        const ranks = chosen.filter((rank) => rank < group.size);
        const inside = group.include(ranks);
        const outside = group.exclude(ranks);
        expect(inside.ranks).toEqual(ranks.map((rank) => group.ranks[rank]));
        expect(inside.intersection(outside).size).toBe(0);
        expect(inside.size + outside.size).toBe(group.size);
        expect(group.difference(inside).compare(outside)).toBe('ident');
      }),
    );
  });
});
