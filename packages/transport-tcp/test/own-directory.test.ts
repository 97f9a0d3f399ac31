import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sweep } from '../src/own-directory.ts';

/** A process that listens at these paths. */
async function listening(paths: readonly string[]) {
  const program = `for (const path of ${JSON.stringify(paths)}) require('node:net').createServer().listen(path, () => console.log(path))`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  for (let lines = 0; lines < paths.length; )
    lines += String((await once(child.stdout, 'data'))[0]).split('\n').length - 1;
  return child;
}

test('directories of processes that were killed are removed, those of living ones and of others are not', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'par-sweep-'));
  const names = ['par-killed', 'par-living', 'par-fresh0', 'par-mixed0', 'par-empty0', 'par-0123456789abcdef'];
  const paths = names.map((name) => join(folder, name));
  for (const path of paths) mkdirSync(path, { mode: 0o700 });
  const [killed, living, fresh, mixed, empty, job] = paths as [string, string, string, string, string, string];
  const dying = await listening([killed, fresh, mixed, job].map((path) => join(path, '0.sock')));
  const alive = await listening([join(living, '0.sock')]);
  dying.kill('SIGKILL');
  await once(dying, 'exit');
  writeFileSync(join(mixed, 'notes.txt'), '');
  const before = new Date(Date.now() - 3_600_000);
  for (const path of [killed, living, mixed, empty, job]) utimesSync(path, before, before);
  await sweep(folder);
  expect(paths.filter(existsSync)).toEqual([living, fresh, mixed, job]);
  alive.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});
