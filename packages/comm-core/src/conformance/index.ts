import { beforeAll, describe, it } from 'vitest';
import { selectCases } from './cases.ts';
import { ENDING, type JobOptions, runAll, runPeerLoss } from './run-all.ts';
import { LOSS_SIZES, lossNames } from './run-loss.ts';
import { stepsOf } from './run-rank.ts';
import { keyOf, type TestResult } from './summary.ts';

export type { InProcessJob, Job, LaunchCommand, ProcessJob, Purpose } from './job.ts';
export type { JobOptions } from './run-all.ts';

/** Job sizes of a whole run: everything small, a power of two and an odd size beyond it. */
export const CONFORMANCE_SIZES: readonly number[] = [1, 2, 3, 4, 5, 8, 9];

export interface ConformanceOptions extends JobOptions {
  /** Names the suite in reports, such as `memory`. */
  readonly name: string;
  /** Default CONFORMANCE_SIZES. */
  readonly sizes?: readonly number[];
  /** Registers tests that only this transport has, inside the suite. */
  additionalTests?(): void;
}

/** One job, run before its tests; each test then has its result. */
function suite(title: string, run: () => Promise<Map<string, TestResult>>, names: readonly string[]): void {
  describe(title, () => {
    let results: Map<string, TestResult>;
    let broken: unknown;
    beforeAll(async () => {
      // A hook that throws would have vitest skip the tests: every one of them has to fail instead.
      try {
        results = await run();
      } catch (error) {
        broken = error;
      }
    }, 600_000);
    for (const name of [...names, ENDING]) {
      it(name, () => {
        if (broken) throw new Error('the job could not be run', { cause: broken });
        const { failure } = results.get(name)!;
        if (failure !== undefined) throw new Error(failure);
      });
    }
  });
}

/**
 * The conformance suite of a transport: every case at every size over the world, a duplicate, a split and a
 * communicator of one rank. A case × communicator × size is one test. The environment variable
 * `PAR_CONFORMANCE_ONLY` (part of a case's name) runs the matching cases alone.
 */
export function conformance(options: ConformanceOptions): void {
  const { capabilities, communicators: coverage = 'all', sizes = CONFORMANCE_SIZES } = options;
  const only = process.env.PAR_CONFORMANCE_ONLY;
  describe(`conformance: ${options.name}`, () => {
    for (const size of sizes) {
      const steps = stepsOf({ cases: selectCases(only), coverage, capabilities }, size);
      suite(`${size} rank${size === 1 ? '' : 's'}`, () => runAll(options, size, only), steps.map(keyOf));
    }
    if (capabilities.survivesPeerLoss && only === undefined) {
      for (const size of LOSS_SIZES.filter((n) => sizes.includes(n))) {
        suite(`loss of one of ${size} ranks`, () => runPeerLoss(options, size), lossNames(size));
      }
    }
    options.additionalTests?.();
  });
}
