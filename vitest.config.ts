import { existsSync, readdirSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

const roots = ['examples', 'scripts', ...readdirSync('packages').map((name) => `packages/${name}`)];

export default defineConfig({
  test: {
    projects: roots
      .filter((root) => existsSync(`${root}/test`))
      .map((root) => ({ extends: true, root, test: { name: root } })),
    // Tests start jobs of several processes each; more workers than this only makes them compete.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    teardownTimeout: 10_000,
  },
});
