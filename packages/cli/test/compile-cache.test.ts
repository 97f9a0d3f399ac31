import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { par } from './launch.ts';

let folder: string;
let script: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'par-compile-'));
  script = join(folder, 'where.ts');
  writeFileSync(
    script,
    `import { getCompileCacheDir } from 'node:module';\nconst where: string | undefined = getCompileCacheDir();\nconsole.log(\`cache: \${where}\`);\n`,
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Where ranks keep what they compile, line by line. */
async function caches(np: number, env: Record<string, string>): Promise<string[]> {
  const end = await par(['run', '--no-label', '-np', String(np), script], { env: { NODE_COMPILE_CACHE: '', ...env } });
  expect(end).toMatchObject({ status: 0, signal: null });
  return end.stdout.match(/(?<=^cache: ).*$/gm) ?? [];
}

function filesIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path).isFile());
}

test('what ranks compile is found by the next run; a damaged file of it does no harm', async () => {
  const env = { XDG_CACHE_HOME: join(folder, 'cache') };
  const own = join(folder, 'cache/par/compile');
  // Several ranks write the same files at once.
  const first = await caches(4, env);
  expect(first).toEqual(Array(4).fill(expect.stringContaining(own)));

  const compiled = { ...env, NODE_DEBUG_NATIVE: 'COMPILE_CACHE' };
  const accepted = new RegExp(`cache for .*${script} .*was accepted`);
  const { stderr } = await par(['run', '--no-label', '-np', '1', script], {
    env: { NODE_COMPILE_CACHE: '', ...compiled },
  });
  expect(stderr).toMatch(accepted);

  for (const file of filesIn(own)) writeFileSync(file, 'no cache');
  expect(await caches(1, env)).toEqual(first.slice(0, 1));
});

test('without a folder that can be written, with coverage, or when the person says so, par keeps nothing', async () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const mine = join(folder, 'mine');
  const none = join(folder, 'none');
  expect(await caches(1, { XDG_CACHE_HOME: file })).toEqual(['undefined']);
  expect(await caches(1, { XDG_CACHE_HOME: none, NODE_V8_COVERAGE: join(folder, 'coverage') })).toEqual(['undefined']);
  expect(await caches(1, { XDG_CACHE_HOME: none, NODE_DISABLE_COMPILE_CACHE: '1' })).toEqual(['undefined']);
  expect(await caches(1, { XDG_CACHE_HOME: none, NODE_COMPILE_CACHE: mine })).toEqual([expect.stringContaining(mine)]);
  expect(readdirSync(folder)).not.toContain('none');
});
