import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const here = import.meta.dirname;
const roots = [
  'examples',
  'scripts',
  'testbed',
  ...readdirSync(join(here, 'packages')).map((name) => `packages/${name}`),
];

/** What takes longest, longest first: begun last, it would end alone. Everything else comes after it. */
const LONGEST = [
  'packages/transport-mpi/test/conformance.test.ts',
  'packages/cli/test/mpi-run.test.ts',
  'examples/test/mpi.test.ts',
  'packages/futures/test/cluster/ends.test.ts',
  'packages/transport-mpi/test/life-cycle.test.ts',
  'packages/transport-mpi/test/load.test.ts',
  'packages/futures/test/behaviours/mpi.test.ts',
  'packages/transport-tcp/test/conformance.test.ts',
  'testbed/test/srun.test.ts',
  'testbed/test/ends.test.ts',
  'examples/test/futures.test.ts',
  'examples/test/examples.test.ts',
  'testbed/test/conformance.test.ts',
].map((path) => join(here, path));

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => LONGEST.indexOf(moduleId) + 1 || LONGEST.length + 1;
    return (await super.sort(files)).toSorted((a, b) => place(a) - place(b));
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: roots
      .filter((root) => existsSync(join(here, root, 'test')))
      .map((root) => {
        const globalSetup = join(here, root, 'test/global-setup.ts');
        return {
          extends: true,
          root: join(here, root),
          test: { name: root, globalSetup: existsSync(globalSetup) ? [globalSetup] : [] },
        };
      }),
    // Tests start jobs of several processes each; more workers than this only makes them compete.
    maxWorkers: 2,
    maxConcurrency: 2,
    // They start thousands of Node processes: a third of what each needs to begin is compiling the same modules.
    env: { NODE_COMPILE_CACHE: join(here, 'node_modules/.cache/compile') },
    testTimeout: 60_000,
    hookTimeout: 120_000,
    teardownTimeout: 10_000,
  },
});
