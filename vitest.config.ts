import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

const here = import.meta.dirname;
const roots = [
  'examples',
  'scripts',
  'testbed',
  ...readdirSync(join(here, 'packages')).map((name) => `packages/${name}`),
];

export default defineConfig({
  test: {
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
    // They start thousands of Node processes: a third of what each needs to begin is compiling the same modules.
    env: { NODE_COMPILE_CACHE: join(here, 'node_modules/.cache/compile') },
    testTimeout: 60_000,
    hookTimeout: 120_000,
    teardownTimeout: 10_000,
  },
});
