import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmdirSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const par = join(import.meta.dirname, '../../../cli/dist/bin.js');

test.each([
  ['were killed, even all at once', []],
  ['were killed, or stopped and given up', ['freeze']],
])('par run starts workers again that %s: results are right, and as many work as before', async (_, how) => {
  const temporary = mkdtempSync(join(tmpdir(), 'par-test-'));
  const program = join(import.meta.dirname, 'programs/replaced.ts');
  const child = spawn(process.execPath, [par, 'run', '-np', '4', '--no-label', program, ...how], {
    env: { ...process.env, NODE_OPTIONS: '', TMPDIR: temporary },
    signal: AbortSignal.timeout(50_000),
    killSignal: 'SIGKILL',
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  const status = await new Promise((resolve) => child.on('close', resolve));
  expect({ status, stdout, stderr }).toMatchObject({ status: 0, stdout: expect.stringMatching(/^\{/) });
  const here = hostname();
  expect(JSON.parse(stdout)).toEqual({ sum: 4950, workers: 2, threads: 1, hosts: [here, here], new: 2 });
  expect(stderr.match(/par: rank [23] is lost, rank [45] takes its place: signal SIGKILL/g)).toHaveLength(2);
  expect(/par: rank [23] is killed: its worker has given no sign of life/.test(stderr)).toBe(how.length > 0);
  // Compiled code is kept for the next process.
  expect(readdirSync(temporary).filter((name) => name !== 'node-compile-cache')).toEqual([]);
  rmdirSync(temporary);
});
