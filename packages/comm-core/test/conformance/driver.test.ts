import { describe, expect, it } from 'vitest';
import { worldOf } from '../../src/comm/intracomm.ts';
import { COMMUNICATORS, type ConformanceCase, type Coverage } from '../../src/conformance/case.ts';
import { runInProcess } from '../../src/conformance/in-process.ts';
import type { JobResult } from '../../src/conformance/job.ts';
import { runAll } from '../../src/conformance/run-all.ts';
import { type RankReport, stepsOf } from '../../src/conformance/run-rank.ts';
import { summarize } from '../../src/conformance/summary.ts';
import { memoryTransports } from '../../src/memory/index.ts';

const capabilities = { detectsMismatch: true, survivesPeerLoss: true };

/** Runs these cases on three ranks in memory and gives the failure of each step that has a result. */
async function failures(cases: readonly ConformanceCase[], deadlineMs = 200, coverage: Coverage = 'all') {
  const worlds = memoryTransports(3).map((transport) => worldOf(transport));
  const plan = { cases, coverage, capabilities, skip: 0, deadlineMs };
  const result = await runInProcess({ worlds }, plan);
  return summarize(stepsOf(plan, 3), 3, result).map(({ failure }) => failure);
}

const fine: ConformanceCase = { name: 'fine', run: (comm) => comm.barrier() };

describe('a run of cases', () => {
  it('has a result for every case on every communicator', async () => {
    expect(await failures([fine, fine])).toEqual(new Array(8).fill(undefined));
  });

  it('in turn, has the world for every case, and every communicator for every case at some size and for every size', () => {
    const sizes = [2, 3, 4, 5, 8, 9];
    const cases = [fine, fine, fine, fine, fine, fine].map((test, i) => ({ ...test, name: `case ${i}` }));
    const seen = sizes.flatMap((size) =>
      stepsOf({ cases, coverage: 'in turn', capabilities }, size).map(({ kind, test }) => ({ size, kind, test })),
    );
    const kindsOf = (steps: typeof seen) => new Set(steps.map(({ kind }) => kind));
    for (const test of cases)
      expect(kindsOf(seen.filter((step) => step.test === test))).toEqual(new Set(COMMUNICATORS));
    for (const size of sizes)
      expect(kindsOf(seen.filter((step) => step.size === size))).toEqual(new Set(COMMUNICATORS));
    expect(seen.filter(({ kind }) => kind === 'world')).toHaveLength(cases.length * sizes.length);
    expect(seen.length).toBeLessThan(0.6 * cases.length * sizes.length * COMMUNICATORS.length);
  });

  it('reports the rank whose check fails, and runs nothing after it', async () => {
    const wrong: ConformanceCase = {
      name: 'wrong',
      run: async (comm, t) => t.equal(comm.rank === 2 ? 1 : 0, 0, 'the answer'),
    };
    const results = await failures([fine, wrong, fine]);
    expect(results.slice(0, 4)).toEqual(new Array(4).fill(undefined));
    const [second, ...rest] = results.slice(4);
    expect(second).toContain('rank 2 of 3 (world): the answer');
    expect(second).toContain('waiting for the other ranks to end the case');
    expect(rest).toEqual([]);
  });

  it('ends a case that hangs and says what each rank waits for', async () => {
    const hangs: ConformanceCase = {
      name: 'hangs',
      run: async (comm) => {
        if (comm.rank === 1) await comm.recv({ source: 0, tag: 77 });
      },
    };
    const [failure] = await failures([hangs]);
    expect(failure).toMatch(/rank 1.*not finished when its time was up/);
    expect(failure).toMatch(/recv source=0 tag=77/);
  });

  it.each([['world'], ['world', 'dup']] as const)(
    'reports a message that a case leaves behind on %s',
    async (...on) => {
      const litters: ConformanceCase = {
        name: 'litters',
        on,
        run: (comm) => (comm.rank === 0 ? comm.send('rest', { dest: 1, tag: 5 }) : Promise.resolve()),
      };
      expect((await failures([litters, fine]))[0]).toContain('a message was left behind: source 0, tag 5');
    },
  );

  it('reports an operation that is not refused, a promise that settles too early and a rejection that does not come', async () => {
    const claims: ConformanceCase['run'][] = [
      (comm, t) => t.refuses(() => comm.barrier(), 'PAR_RANK', 'the claim'),
      (_, t) => t.unsettled(Promise.resolve(), 'the claim'),
      async (_, t) => void (await t.rejects(Promise.resolve(), 'PAR_TIMEOUT', 'the claim')),
      async (_, t) => void (await t.rejects(Promise.reject(new Error('other')), 'PAR_TIMEOUT', 'the claim')),
      async (_, t) => t.equal(new Uint8Array(1), Buffer.alloc(1), 'the claim'),
    ];
    for (const run of claims) expect((await failures([{ name: 'claims', run }]))[0]).toContain('the claim');
  });
});

describe('the results of a job', () => {
  const steps = stepsOf({ cases: [fine], coverage: 'all', capabilities }, 3);
  const entry = (rank: number, outcome: RankReport['outcome'] = 'passed'): RankReport => ({
    rank,
    kind: 'world',
    name: 'fine',
    outcome,
    ms: 1,
  });
  const job = (reports: RankReport[]): JobResult => ({ reports, ended: 'badly', ending: 'ended with SIGKILL' });

  it('fail where a rank said nothing, with how the job ended', () => {
    const [result, ...rest] = summarize(steps, 3, job([entry(0), entry(2)]));
    expect(result?.failure).toContain('no report from rank 1. ended with SIGKILL');
    expect(rest).toEqual([]);
  });

  it('pass where a case did not apply to some of the ranks', () => {
    const [result] = summarize(steps, 3, job([entry(0), entry(1, 'not-applicable'), entry(2)]));
    expect(result).toEqual({});
  });
});

describe('a job of processes', () => {
  it('reports what its ranks wrote', async () => {
    const setup = () => ({
      launch: (program: readonly string[]) => ({ command: process.execPath, args: program }),
    });
    const name = 'bcast gives every rank the value of each root';
    const results = await runAll({ capabilities, setup }, 1, name);
    expect([...results.values()]).toEqual(new Array(5).fill({}));
  });

  it('fails every case when the ranks cannot be started', async () => {
    const setup = () => ({ launch: () => ({ command: '/nowhere/to/be/found', args: [] }) });
    const results = await runAll({ capabilities, setup }, 1, 'bcast gives');
    expect(results.size).toBe(5);
    for (const { failure } of results.values()) expect(failure).toContain('could not be started');
  });

  it('quotes the output of ranks that end without a report', async () => {
    const args = ['-e', 'console.error("no such luck"); process.exit(3)'];
    const setup = () => ({ launch: () => ({ command: process.execPath, args }) });
    const [first] = (await runAll({ capabilities, setup }, 1, 'bcast gives')).values();
    expect(first?.failure).toMatch(/status 3[\s\S]*no such luck/);
  });
});
