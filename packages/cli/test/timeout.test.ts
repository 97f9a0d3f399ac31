import { get } from 'node:http';
import { expect, test } from 'vitest';
import { fixture, Launch, par } from './launch.ts';

test.concurrent('--stack-on-timeout names what every rank waits for and where a spinning one spins', async () => {
  const args = ['run', '-np', '3', '--timeout', '3s', '--stack-on-timeout', fixture('deadlock.ts'), '2600'];
  const { status, stderr } = await par(args);
  expect(status).toBe(124);
  expect(stderr).toMatch(/^par: rank 0 \(pid \d+\)\npar: {3}pending: .*recv.*source=1.*tag=7.*$/m);
  expect(stderr).toMatch(/^par: rank 1 \(pid \d+\)\npar: {3}pending: .*recv.*source=0.*tag=7.*$/m);
  expect(stderr).toMatch(/^par: {3}stack: at spinForEver \(.*deadlock\.ts:\d+:\d+\)$/m);
  expect(stderr).toMatch(/^par: the job was not finished after 3 s$/m);
  expect(stderr).not.toContain('Debugger');
});

test.concurrent('ranks that cannot answer do not hold up the report', async () => {
  const script = 'require("node:child_process").execFileSync("sleep", ["1000"])';
  const before = performance.now();
  const { status, stderr } = await par([
    'run',
    '-np',
    '1',
    '--timeout',
    '1s',
    '--stack-on-timeout',
    'node',
    '-e',
    script,
  ]);
  expect(status).toBe(124);
  expect(stderr).toMatch(/^par: {3}stack: unknown: .*sleeping$/m);
  expect(performance.now() - before).toBeLessThan(10_000);
});

test.concurrent('--inspect=1 opens the debugger of rank 1 on port 9230', async () => {
  const launch = new Launch(['run', '-np', '2', '--inspect=1', fixture('ends.mjs'), 'wait']);
  await launch.until(({ stderr }) => stderr.includes('[1] Debugger listening on ws://127.0.0.1:9230/'));
  const answer = await new Promise<number | undefined>((resolve, reject) => {
    get('http://127.0.0.1:9230/json/version', (response) => resolve(response.resume().statusCode)).on('error', reject);
  });
  expect(answer).toBe(200);
  expect(launch.stderr).not.toContain('[0] Debugger');
  launch.child.kill('SIGTERM');
  await launch.finished;
  await launch.gone();
});
