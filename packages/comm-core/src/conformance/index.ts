import { fileURLToPath } from 'node:url';
import { beforeAll, describe, it } from 'vitest';
import type { Capabilities } from '../transport/index.ts';
import { applies, sizesOf } from './case.ts';
import { selectCases } from './cases.ts';
import type { Job } from './job.ts';
import { runInProcess, runProcesses } from './run-job.ts';
import { type Plan, type Step, stepsOf } from './run-rank.ts';
import { type StepResult, summarize } from './summary.ts';

export type { ConformanceCase, Tools } from './case.ts';
export type { InProcessJob, Job, LaunchCommand, ProcessJob } from './job.ts';

/** Job sizes of a whole run: everything small, a power of two and an odd size beyond it. */
export const CONFORMANCE_SIZES: readonly number[] = [1, 2, 3, 4, 5, 8, 9];

/** Jobs of one size a run starts at most: a step that fails ends its job, the steps after it need a new one. */
const MAX_JOBS = 4;
const DEADLINE_MS = 20_000;

export interface ConformanceOptions {
  /** Names the suite in reports, such as `memory`. */
  readonly name: string;
  /** Makes a job of `size` ranks. Called again for the rest of the cases after one has failed. */
  setup(size: number): Job | Promise<Job>;
  /** Gives back what `setup` made. */
  teardown?(job: Job): void | Promise<void>;
  readonly capabilities: Capabilities;
  /** Default CONFORMANCE_SIZES. */
  readonly sizes?: readonly number[];
  /** Registers tests that only this transport has, inside the suite. */
  additionalTests?(): void;
  /** Milliseconds after which a case counts as hanging. Default 20 s. */
  readonly deadlineMs?: number;
}

/** The rank program lies beside this module, compiled as this module is. */
function rankProgram(): string {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return fileURLToPath(new URL(`./rank.${extension}`, import.meta.url));
}

/** The test that the last job of a size ended by itself and without an error. */
const ENDING = 'the job ends by itself';

const key = ({ kind, test }: Step): string => `${kind}: ${test.name}`;

/** Runs all steps at one size, in as many jobs as failures make necessary, and gives the result of each. */
async function runAll(options: ConformanceOptions, size: number, only: string | undefined) {
  const cases = selectCases(only);
  const steps = stepsOf(cases);
  const results = new Map<string, StepResult>();
  let skip = 0;
  for (let jobs = 0; jobs < MAX_JOBS && skip < steps.length; jobs++) {
    const { capabilities, deadlineMs = DEADLINE_MS } = options;
    const plan: Plan = { cases, capabilities, skip, deadlineMs };
    const job = await options.setup(size);
    const result = 'worlds' in job ? await runInProcess(job, plan) : await runProcesses(job, plan, only, rankProgram());
    await options.teardown?.(job);
    const { reached, outcomes } = summarize(steps.slice(skip), size, result);
    for (const [i, outcome] of outcomes.entries()) results.set(key(steps[skip + i]!), outcome);
    skip += reached;
    if (skip === steps.length && outcomes.at(-1)?.failure === undefined) {
      results.set(ENDING, result.clean ? {} : { failure: result.ending });
    }
  }
  const last = skip > 0 ? key(steps[skip - 1]!) : 'the start';
  for (const step of steps.slice(skip)) {
    results.set(key(step), { failure: `not run because the job failed ${MAX_JOBS} times, last in "${last}"` });
  }
  if (!results.has(ENDING)) results.set(ENDING, { failure: `not run because the last case, "${last}", failed` });
  return results;
}

/**
 * The conformance suite of a transport: every case at every size over the world, a duplicate, a split and a
 * communicator of one rank. A case × communicator × size is one test. The environment variable
 * `PAR_CONFORMANCE_ONLY` (part of a case's name) runs the matching cases alone.
 */
export function conformance(options: ConformanceOptions): void {
  const only = process.env.PAR_CONFORMANCE_ONLY;
  describe(`conformance: ${options.name}`, () => {
    for (const size of options.sizes ?? CONFORMANCE_SIZES) {
      describe(`${size} rank${size === 1 ? '' : 's'}`, () => {
        let results: Map<string, StepResult>;
        let broken: unknown;
        beforeAll(async () => {
          // A hook that throws would have vitest skip the tests: every one of them has to fail instead.
          try {
            results = await runAll(options, size, only);
          } catch (error) {
            broken = error;
          }
        }, 600_000);
        const check = (name: string): void => {
          it(name, () => {
            if (broken) throw new Error(`the job of ${size} ranks could not be run`, { cause: broken });
            const { failure } = results.get(name)!;
            if (failure !== undefined) throw new Error(failure);
          });
        };
        for (const step of stepsOf(selectCases(only))) {
          const anywhere = sizesOf(step.kind, size).some((n) => applies(step.test, step.kind, n, options.capabilities));
          if (anywhere) check(key(step));
        }
        check(ENDING);
      });
    }
    options.additionalTests?.();
  });
}
