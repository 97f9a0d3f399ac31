import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { BIN, fixture, par } from './launch.ts';

test.each([
  [[], 'no command'],
  [['rnu'], 'did you mean par run?'],
  [['run'], 'no program'],
  [['run', '-np', '2', '--lable', 'x.ts'], 'unknown option --lable'],
  [['run', '-np', '2', '--stdin', '2', fixture('ends.mjs')], 'there is no rank 2'],
  [['run', '-np', '2', '--inspect=5', fixture('ends.mjs')], 'there is no rank 5'],
  [['run', '-np', '2', '--ranks', '1-2', fixture('ends.mjs')], 'there is no rank 2'],
  [['run', '-np', '2', '--wdir', '/no/such/place', 'sh'], 'no such directory'],
  [['run', '-np', '2', '-env-file', '/no/such/file', 'sh'], '/no/such/file'],
  [['run', '-np', '2', '-x', 'NOT_SET_ANYWHERE', 'sh'], 'NOT_SET_ANYWHERE'],
  [['run', '-np', '2', '--log-dir', '/dev/null/x', 'sh'], '--log-dir'],
  [['env', 'x'], 'no arguments'],
])('par %j: one line and status 125', async (args, words) => {
  const { status, stdout, stderr } = await par(args);
  expect(status).toBe(125);
  expect(stdout).toBe('');
  expect(stderr).toContain(words);
  expect(stderr.trimEnd().split('\n').length).toBe(1);
});

test('a script that cannot be read, a program that cannot be executed and one that is not on PATH', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'par-usage-'));
  const file = join(directory, 'program');
  writeFileSync(file, 'neither a script nor a binary');
  expect(await par(['run', '-np', '1', file])).toMatchObject({ status: 126 });
  expect(await par(['run', '-np', '1', 'program'], { cwd: directory })).toMatchObject({
    status: 127,
    stderr: expect.stringContaining('./program'),
  });
  expect(await par(['run', '-np', '1', 'program'], { cwd: directory, env: { PATH: directory } })).toMatchObject({
    status: 126,
  });
  chmodSync(file, 0o755);
  writeFileSync(file, '#!/bin/sh\nexit 3\n');
  expect(await par(['run', '-np', '1', 'program'], { cwd: directory, env: { PATH: directory } })).toMatchObject({
    status: 3,
  });
  rmSync(directory, { recursive: true });
});

test('help and version', async () => {
  expect(await par(['--version'])).toMatchObject({ status: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+/) });
  expect(await par(['help'])).toMatchObject({ status: 0, stdout: expect.stringContaining('par run -np 4') });
  for (const args of [
    ['help', 'run'],
    ['run', '--help'],
    ['run', '-h'],
  ]) {
    expect(await par(args)).toMatchObject({ status: 0, stdout: expect.stringContaining('--stack-on-timeout') });
  }
});

test('the launcher’s first file loads on any Node since 18 and asks for a newer one', async () => {
  const old = await promisify(execFile)(process.execPath, [
    '--import',
    `data:text/javascript,Object.defineProperty(process.versions, 'node', { value: '20.11.0' })`,
    BIN,
    'run',
    'x.ts',
  ]).catch((error) => error);
  expect(old.code).toBe(125);
  expect(old.stderr).toMatch(/^par: Node 20\.11\.0 is too old, par needs 22\.18 or newer: .*\n$/);
});

// Where the system has such a Node, the real thing.
test.runIf(existsSync('/usr/bin/node'))('the system’s Node either is new enough or gets that sentence', async () => {
  const { stdout, stderr, code } = await promisify(execFile)('/usr/bin/node', [BIN, '--version']).catch(
    (error) => error,
  );
  if (code === undefined) expect(stdout).toMatch(/^\d/);
  else expect(stderr).toMatch(/^par: Node \S+ is too old, .*\n$/);
});

test('--dry-run starts nothing and prints every command, but not the secret', async () => {
  const args = ['run', '--dry-run', '-np', '1', '--node-args', '--expose-gc', '-x', 'A=b c', fixture('ends.mjs'), '7'];
  const { stdout, status } = await par(args);
  expect(status).toBe(0);
  expect(stdout).toContain('PAR_RANK=0');
  expect(stdout).toContain("A='b c'");
  expect(stdout).toContain(`--expose-gc ${fixture('ends.mjs')} 7`);
  expect(stdout).not.toMatch(/PAR_SECRET=\w/);
});

test('a network interface that was named with -x comes before the one par finds', async () => {
  const args = ['run', '--dry-run', '-H', 'h1:1,h2:1', '-np', '2', fixture('ends.mjs')];
  expect((await par(args)).stdout.split("PAR_TCP_HOST='<address>'")).toHaveLength(3);
  const named = await par([...args.slice(0, 2), '-x', 'PAR_TCP_HOST=ib0', ...args.slice(2)]);
  expect(named.stdout.split('PAR_TCP_HOST=ib0 ')).toHaveLength(3);
});
