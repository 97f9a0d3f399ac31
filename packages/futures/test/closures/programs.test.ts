import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test, vi } from 'vitest';

// Processes start slowly on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const run = promisify(execFile);
const program = (name: string): string => fileURLToPath(new URL(`programs/${name}`, import.meta.url));

async function node(args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const { stdout } = await run(process.execPath, args, {
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    signal: AbortSignal.timeout(50_000),
  });
  return stdout;
}

describe('functions of an entry script run in a process of their own', () => {
  test('TypeScript under type stripping, with exact positions', async () => {
    expect(await node([program('shipping.ts')], { PAR_TEST_COLUMNS: '1' })).toBe('shipped\n');
  });

  test('TypeScript through esbuild, as tsx runs it', async () => {
    expect(await node(['--import', program('esbuild-loader.ts'), program('shipping.ts')])).toBe('shipped\n');
  });

  test('CommonJS', async () => {
    expect(await node([program('common-js.cjs')])).toBe('shipped\n');
  });

  test('a script given on the command line', async () => {
    const closures = JSON.stringify(new URL('../../src/closures/index.ts', import.meta.url).href);
    const script = `
      import { capture, rebuild } from ${closures};
      const offset = 4;
      const there = await rebuild(structuredClone(capture((x) => x + offset)));
      console.log(there(3));`;
    expect(await node(['--input-type=module', '--eval', script])).toBe('7\n');
  });
});
