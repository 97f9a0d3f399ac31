// Everything `npm test` promises after the build: static checks, then every test, then one closing line.
// In CI a skipped test is a failure.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checks } from './checks.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const scratch = mkdtempSync(join(tmpdir(), 'par-test-'));
const report = join(scratch, 'vitest.json');

let passed = 0;
let failed = 0;
const problems = [];

/** Each test that needs them would build them, and those that begin together the same ones. */
const addons = { name: 'addons for MPIs from PyPI', command: 'node', args: ['packages/transport-mpi/test/mpis.ts'] };

await Promise.all(
  [...checks, addons].map(async (check) => {
    const started = performance.now();
    const output = [];
    const child = spawn(check.command, check.args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => output.push(text));
    child.on('error', (error) => output.push(error.message));
    const [status] = await new Promise((resolve) => child.on('close', (...ended) => resolve(ended)));
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    if (status === 0) {
      passed += 1;
      console.log(`ok      ${check.name} (${seconds} s)`);
    } else {
      failed += 1;
      problems.push(check.name);
      console.log(`FAILED  ${check.name} (${seconds} s)\n${output.join('')}`);
    }
  }),
);

const { status } = spawnSync(
  'vitest',
  ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
  {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  },
);
let skipped = 0;
try {
  const results = JSON.parse(readFileSync(report, 'utf8'));
  passed += results.numPassedTests;
  failed += results.numFailedTests;
  skipped = results.numPendingTests + (results.numTodoTests ?? 0);
  if (results.numFailedTestSuites > 0 && results.numFailedTests === 0) failed += results.numFailedTestSuites;
  if (status !== 0 && results.numFailedTests === 0 && results.numFailedTestSuites === 0) {
    failed += 1;
    problems.push(`vitest ended with status ${status} though no test failed`);
  }
} catch (error) {
  failed += 1;
  problems.push(`vitest left no report (status ${status}): ${error.message}`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
if (skipped > 0 && process.env.CI) {
  failed += skipped;
  problems.push(`${skipped} tests were skipped, which CI counts as failed`);
}

for (const problem of problems) console.log(`problem: ${problem}`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
