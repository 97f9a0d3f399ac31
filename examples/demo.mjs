// What `npm run demo` shows: three programs of this folder on four ranks.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const par = join(here, 'node_modules', '@par', 'cli', 'dist', 'bin.js');

const acts = [
  ['The squares of 0 … 999, each by whichever rank is free.', 'squares.ts'],
  ['Which words do people write in code?', 'word-statistics.ts'],
  ['Four ranks learn to read digits together.', 'train-mnist.ts'],
];

for (const [title, script] of acts) {
  console.log(`\n── ${title}\n   $ par run -np 4 examples/${script}\n`);
  const { status } = spawnSync(process.execPath, [par, 'run', '-np', '4', '--no-label', join(here, script)], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}
console.log(`
More to run in this folder, each on workers of its own:
   $ npx node examples/mandelbrot.ts         a picture, line by line
   $ npx node examples/flight-delays.ts      when and where 20,000 flights were late
   $ npx node examples/hyper-parameters.ts   which settings learn to read best
examples/README.md lists them all. Change one, or start your own: README.md says how.`);
