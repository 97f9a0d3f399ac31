import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

// Processes start slowly on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const run = promisify(execFile);
const readme = await readFile(new URL('../../src/closures/README.md', import.meta.url), 'utf8');
const programs = [...readme.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code]) => code!);

/** Comments that show output: at the end of a line that prints, or alone on the line after it. */
function expectedOutput(code: string): string[] {
  const found: string[] = [];
  for (const line of code.split('\n')) {
    const shown =
      /console\.log\(.*\);?\s*\/\/ (.*)$/.exec(line) ??
      (found.length > 0 ? /^\s*\/\/ (function .*)$/.exec(line) : null);
    if (shown) found.push(shown[1]!);
  }
  return found;
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'par-readme-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('every program of the README prints what it says', () => {
  test.each(programs.map((code, index) => [index + 1, code] as const))('program %i', async (index, code) => {
    const file = join(folder, `program-${index}.ts`);
    const closures = new URL('../../src/closures/index.ts', import.meta.url).href;
    await writeFile(file, code.replaceAll('@par/futures/closures', closures));
    const { stdout } = await run(process.execPath, [file], {
      env: { ...process.env, NODE_OPTIONS: '' },
      signal: AbortSignal.timeout(50_000),
    });
    const expected = expectedOutput(code);
    expect(expected.length).toBeGreaterThan(0);
    expect(stdout.trimEnd().split('\n')).toEqual(expected);
  });
});
