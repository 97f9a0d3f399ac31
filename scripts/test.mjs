// What `npm test` promises after the build: static checks, then every test, then one closing line.
// In CI a skipped test is a failure.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let passed = 0;
let failed = 0;
const problems = [];

/** Each test that needs one would build it, and those that begin together the same ones. */
export const addons = [
  { name: "addons for the system's MPIs", command: 'node', args: ['packages/transport-mpi/dist/build/workspace.js'] },
  { name: 'addons for MPIs from PyPI', command: 'node', args: ['packages/transport-mpi/test/mpis.ts'] },
];

/** Runs all at once; counts each as a test. */
export async function runChecks(checks, options) {
  await Promise.all(
    checks.map(async ({ name, command, args }) => {
      const started = performance.now();
      const { status, output } = await run(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      if (status === 0) {
        passed += 1;
        console.log(`ok      ${name} (${seconds} s)`);
      } else {
        failed += 1;
        problems.push(name);
        console.log(`FAILED  ${name} (${seconds} s)\n${output}`);
      }
    }),
  );
}

/** Runs the tests of these projects of vitest.config.ts. */
export async function runTests(projects, options) {
  const scratch = mkdtempSync(join(tmpdir(), 'par-test-'));
  const report = join(scratch, 'vitest.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const args = ['run', ...projects.map((name) => `--project=${name}`), ...reporters];
  const { status } = await run('vitest', args, { ...options, stdio: ['ignore', 'inherit', 'inherit'] });
  try {
    const results = JSON.parse(readFileSync(report, 'utf8'));
    const skipped = results.numPendingTests + (results.numTodoTests ?? 0);
    passed += results.numPassedTests;
    failed += results.numFailedTests;
    if (results.numFailedTestSuites > 0 && results.numFailedTests === 0) failed += results.numFailedTestSuites;
    if (status !== 0 && results.numFailedTests === 0 && results.numFailedTestSuites === 0) {
      failed += 1;
      problems.push(`vitest ended with status ${status} though no test failed`);
    }
    if (skipped > 0 && process.env.CI) {
      failed += skipped;
      problems.push(`${skipped} tests were skipped, which CI counts as failed`);
    }
  } catch (error) {
    failed += 1;
    problems.push(`vitest left no report (status ${status}): ${error.message}`);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Prints the closing line. */
export function conclude() {
  for (const problem of problems) console.log(`problem: ${problem}`);
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}

async function run(command, args, options) {
  const output = [];
  const child = spawn(command, args, options);
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text) => output.push(text));
  child.on('error', (error) => output.push(error.message));
  const [status] = await new Promise((resolve) => child.on('close', (...ended) => resolve(ended)));
  return { status, output: output.join('') };
}
