import { fileURLToPath } from 'node:url';
import type { Capabilities } from '../transport/index.ts';
import type { Coverage } from './case.ts';
import { selectCases } from './cases.ts';
import { runInProcess, runLossInProcess } from './in-process.ts';
import type { Job, JobResult, Purpose } from './job.ts';
import { runProcesses } from './processes.ts';
import { lossNames, VICTIM } from './run-loss.ts';
import { stepsOf } from './run-rank.ts';
import { join, keyOf, summarize, type TestResult } from './summary.ts';

/** Jobs of one size a run starts at most: a step that fails ends its job, the steps after it need a new one. */
const MAX_JOBS = 8;
const DEADLINE_MS = 20_000;

/** The test that the last job of a size ended by itself and without an error. */
export const ENDING = 'the job ends by itself';

export interface JobOptions {
  /** Makes a job of `size` ranks. Called again for the rest of the cases after one has failed. */
  setup(size: number, purpose: Purpose): Job | Promise<Job>;
  /** Gives back what `setup` made. */
  teardown?(job: Job): void | Promise<void>;
  readonly capabilities: Capabilities;
  /**
   * Communicators each case is run on: `all`, at every size; or `in turn`, the world at every size and the others at
   * some of them each, in about two thirds of the time. Default `all`.
   */
  readonly communicators?: Coverage;
  /** Milliseconds after which a case counts as hanging. Default 20 s. */
  readonly deadlineMs?: number;
}

/** The rank program lies beside the module of the suite, compiled as that is. */
function rankProgram(): string {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return fileURLToPath(new URL(`./rank.${extension}`, import.meta.url));
}

/** Runs all steps at one size, in as many jobs as failures make necessary, and gives the result of each by its key. */
export async function runAll(
  options: JobOptions,
  size: number,
  only: string | undefined,
): Promise<Map<string, TestResult>> {
  const { capabilities, communicators: coverage = 'all', deadlineMs = DEADLINE_MS } = options;
  const cases = selectCases(only);
  const longestMs = Math.max(deadlineMs, ...cases.map((test) => test.deadlineMs ?? 0));
  const steps = stepsOf({ cases, coverage, capabilities }, size);
  const results = new Map<string, TestResult>();
  let skip = 0;
  let ended: JobResult | undefined;
  for (let jobs = 0; jobs < MAX_JOBS && skip < steps.length; jobs++) {
    const job = await options.setup(size, 'cases');
    const work = { purpose: 'cases', skip, only, coverage } as const;
    ended =
      'worlds' in job
        ? await runInProcess(job, { cases, coverage, capabilities, skip, deadlineMs })
        : await runProcesses(job, rankProgram(), { capabilities, deadlineMs, work }, longestMs);
    await options.teardown?.(job);
    const joined = summarize(steps.slice(skip), size, ended);
    for (const [i, result] of joined.entries()) results.set(keyOf(steps[skip + i]!), result);
    skip += joined.length;
  }
  const last = skip > 0 ? keyOf(steps[skip - 1]!) : 'the start';
  for (const step of steps.slice(skip)) {
    results.set(keyOf(step), { failure: `not run because the job failed ${MAX_JOBS} times, last in "${last}"` });
  }
  const clean = ended === undefined || ended.ended === 'cleanly';
  results.set(ENDING, clean ? {} : { failure: `after "${last}": ${ended?.ending}` });
  return results;
}

/** Loses a rank of a job of this size and gives the result of each peer-loss case by its name. */
export async function runPeerLoss(options: JobOptions, size: number): Promise<Map<string, TestResult>> {
  const { capabilities, deadlineMs = DEADLINE_MS } = options;
  const job = await options.setup(size, 'peer-loss');
  const work = { purpose: 'peer-loss' } as const;
  const result =
    'worlds' in job
      ? await runLossInProcess(job, capabilities, deadlineMs)
      : await runProcesses(job, rankProgram(), { capabilities, deadlineMs, work }, deadlineMs);
  await options.teardown?.(job);
  const survivors = Array.from({ length: size }, (_, rank) => rank).filter((rank) => rank !== VICTIM);
  const results = new Map<string, TestResult>();
  for (const name of lossNames(size)) {
    const entries = result.reports.filter((entry) => entry.name === name);
    results.set(name, join(entries, survivors, result));
  }
  // A killed rank makes the job fail; it must not have to be stopped.
  results.set(ENDING, result.ended === 'stopped' ? { failure: result.ending } : {});
  return results;
}
