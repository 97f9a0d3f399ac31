import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fixture, Launch } from './launch.ts';

test('a host whose shell takes long to start is named while par waits for it', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'par-test-'));
  const [shell, go] = ['shell', 'go'].map((name) => join(directory, name));
  writeFileSync(shell!, `while [ ! -e ${go} ]; do sleep 0.1; done; exec sh -c "$2"\n`);
  const launch = new Launch(['run', '-H', 'far', '-np', '1', '--ssh', `sh ${shell}`, fixture('ends.mjs'), '0']);
  await launch.until(({ stderr }) => stderr.includes('par: waiting for far: no answer in 5 s'));
  writeFileSync(go!, '');
  expect(await launch.finished).toMatchObject({ status: 0 });
  await launch.gone();
  rmSync(directory, { recursive: true });
});
