import { Group, PROC_NULL, UNDEFINED } from '../../index.ts';
import type { ConformanceCase } from '../case.ts';
import { ranksOf } from '../tagged.ts';

const algebra: ConformanceCase = {
  name: 'union, intersection, difference, include, exclude and ranges of groups keep the order MPI gives them',
  async run(comm, t) {
    const { size } = comm;
    const all = comm.group;
    const even = all.include(ranksOf(size).filter((r) => r % 2 === 0));
    const odd = all.exclude(ranksOf(size).filter((r) => r % 2 === 0));
    const back = all.include(ranksOf(size).reverse());
    const world = (ranks: readonly number[]) => ranks.map((r) => all.ranks[r]);
    const evens = ranksOf(size).filter((r) => r % 2 === 0);
    const odds = ranksOf(size).filter((r) => r % 2 === 1);
    t.equal([...even.union(odd).ranks], world([...evens, ...odds]), 'union');
    t.equal([...back.intersection(even).ranks], world([...evens].reverse()), 'intersection');
    t.equal([...all.difference(even).ranks], world(odds), 'difference');
    t.equal(all.union(Group.EMPTY).compare(all), 'ident', 'union with the empty group');
    t.equal(all.intersection(Group.EMPTY).size, 0, 'intersection with the empty group');
    t.equal(all.difference(all).compare(Group.EMPTY), 'ident', 'difference with itself');
    t.equal(all.include([]).size, 0, 'include nobody');
    t.equal(all.exclude([]).compare(all), 'ident', 'exclude nobody');
    t.equal(all.rangeInclude([[0, size - 1, 1]]).compare(all), 'ident', 'the range of all');
    t.equal(all.rangeInclude([[size - 1, 0, -1]]).compare(back), 'ident', 'the range of all, backwards');
    t.equal(all.rangeExclude([[0, size - 1, 2]]).compare(odd), 'ident', 'every second one excluded');
    t.equal(all.compare(back), size > 1 ? 'similar' : 'ident', 'the same members in another order');
    t.equal(even.compare(all), size > 1 ? 'unequal' : 'ident', 'other members');
  },
};

const translation: ConformanceCase = {
  name: 'ranks are translated between groups, and a group knows the rank of its own process',
  async run(comm, t) {
    const { rank, size } = comm;
    const all = comm.group;
    const back = all.include(ranksOf(size).reverse());
    t.equal([all.size, all.rank], [size, rank], 'size and rank');
    t.equal(back.rank, size - 1 - rank, 'rank in the reversed group');
    t.equal(all.translateRanks(ranksOf(size), all), ranksOf(size), 'to itself');
    t.equal(all.translateRanks(ranksOf(size), back), ranksOf(size).reverse(), 'to the reversed group');
    t.equal(all.translateRanks([PROC_NULL], back), [PROC_NULL], 'PROC_NULL');
    t.equal(all.translateRanks([0], Group.EMPTY), [UNDEFINED], 'to the empty group');
    t.equal(all.exclude([rank]).rank, UNDEFINED, 'a group this process is not in');
  },
};

const badRanks: ConformanceCase = {
  name: 'ranks a group does not have, or named twice, are refused',
  async run(comm, t) {
    const { size, group } = comm;
    for (const ranks of [[size], [-1], [0.5], [0, 0]]) {
      await t.refuses(async () => group.include(ranks), ['PAR_RANK', 'PAR_ARGUMENT'], `include ${ranks}`);
      await t.refuses(async () => group.exclude(ranks), ['PAR_RANK', 'PAR_ARGUMENT'], `exclude ${ranks}`);
    }
    await t.refuses(async () => group.translateRanks([size], group), 'PAR_RANK', 'translateRanks');
    await t.refuses(async () => group.rangeInclude([[0, 0, 0]]), ['PAR_RANK', 'PAR_ARGUMENT'], 'a range of step 0');
  },
};

export const groups: readonly ConformanceCase[] = [algebra, translation, badRanks];
