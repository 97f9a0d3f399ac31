import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Launch } from './launch.ts';

test('--watch starts all ranks again when the script or a file it imports changes, also after they have ended', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'par-watch-'));
  const script = join(directory, 'script.ts');
  const imported = join(directory, 'imported.ts');
  writeFileSync(imported, `export const word: string = 'first';`);
  writeFileSync(script, `import { word } from './imported.ts'; console.log(word); setInterval(() => {}, 1e6);`);
  const launch = new Launch(['run', '-np', '2', '--watch', script]);
  const both = (word: string) =>
    launch.until(({ stdout }) => [0, 1].every((rank) => stdout.includes(`[${rank}] ${word}\n`)));
  await both('first');
  writeFileSync(imported, `export const word: string = 'second';`);
  await both('second');
  writeFileSync(script, `console.log('third'); process.exit(0)`);
  await both('third');
  await launch.until(({ stderr }) => stderr.includes('par: the job ended with status 0'));
  writeFileSync(script, `console.log('fourth'); setInterval(() => {}, 1e6);`);
  await both('fourth');
  launch.child.kill('SIGINT');
  expect(await launch.finished).toMatchObject({ status: 130 });
  await launch.gone();
  rmSync(directory, { recursive: true });
});
