import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const here = import.meta.dirname;
const tests = (folder: string): string => `${folder}/test/**/*.test.ts`;

/** What needs a process of its own: it sets what modules read when they are loaded, or asks what its process uses. */
const ALONE = [
  'packages/comm-core/test/codec/garbage.test.ts',
  'packages/comm-core/test/codec/refusal.test.ts',
  'packages/comm-core/test/collectives/agreement.test.ts',
  'packages/comm-core/test/collectives/chooser.test.ts',
  'packages/comm-core/test/conformance/memory-checking.test.ts',
  'packages/futures/test/client/turning.test.ts',
];

/** What needs nothing but packages of npm: it runs while those of the system are fetched and addons are compiled. */
const BEFORE_INSTALLED = [
  tests('packages/comm-core'),
  'packages/transport-tcp/test/conformance.test.ts',
  'examples/test/examples.test.ts',
];

/**
 * What takes longest first: begun last, it would end alone. Between files that keep the cores busy come those that mostly wait. Everything
 * else comes after them.
 */
const LONGEST = [
  'packages/transport-mpi/test/conformance.test.ts',
  'packages/cli/test/mpi-run.test.ts',
  'testbed/test/ends.test.ts',
  'testbed/test/srun.test.ts',
  'examples/test/mpi.test.ts',
  'testbed/test/ssh.test.ts',
  'testbed/test/ssh-strangers.test.ts',
  'testbed/test/ssh-loss.test.ts',
  'packages/transport-tcp/test/conformance.test.ts',
  'testbed/test/signalled-launchers.test.ts',
  'packages/transport-mpi/test/load.test.ts',
  'testbed/test/slurm-par.test.ts',
  'examples/test/futures.test.ts',
  'testbed/test/docs.test.ts',
  'examples/test/examples.test.ts',
  'packages/futures/test/behaviours/mpi.test.ts',
  'packages/transport-mpi/test/life-cycle.test.ts',
  'packages/futures/test/cluster/rejoins.test.ts',
  'packages/futures/test/cluster/ends.test.ts',
  'scripts/test/readmes.test.ts',
  'packages/transport-mpi/test/large.test.ts',
  'packages/transport-mpi/test/interoperation.test.ts',
  'testbed/test/conformance.test.ts',
  'packages/comm-core/test/conformance/memory.test.ts',
  'packages/transport-tcp/test/processes.test.ts',
].map((path) => join(here, path));

/** The rest project by project: a process is used again only for the next file of the same one. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => LONGEST.indexOf(moduleId) + 1 || LONGEST.length + 1;
    const name = ({ project }: TestSpecification): string => project.name;
    return (await super.sort(files)).toSorted((a, b) => place(a) - place(b) || name(b).localeCompare(name(a)));
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      { extends: true, test: { name: 'before-installed', include: BEFORE_INSTALLED, exclude: ALONE } },
      {
        extends: true,
        test: {
          name: 'packages',
          include: ['packages/*', 'examples', 'scripts'].map(tests),
          exclude: [...BEFORE_INSTALLED, ...ALONE],
        },
      },
      { extends: true, test: { name: 'alone', include: ALONE, isolate: true } },
      {
        extends: true,
        test: { name: 'testbed', include: [tests('testbed')], globalSetup: 'testbed/test/global-setup.ts' },
      },
    ],
    // A process for each file costs a quarter of a second of processor time, more than most of their tests.
    isolate: false,
    // One more than the cores of CI: what mostly waits leaves them to the others.
    maxWorkers: 3,
    maxConcurrency: 2,
    // They start thousands of Node processes: a third of what each needs to begin is compiling the same modules.
    env: { NODE_COMPILE_CACHE: join(here, 'node_modules/.cache/compile') },
    testTimeout: 60_000,
    hookTimeout: 120_000,
    teardownTimeout: 10_000,
  },
});
