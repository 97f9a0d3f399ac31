import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { BIN, fixture, par } from './launch.ts';

const COUNT = fixture('count-input.mjs');
const INPUT = 'x'.repeat(3_000_000);

async function counts(...options: string[]): Promise<string[]> {
  const { stdout, status } = await par(['run', '-np', '3', '--no-label', ...options, COUNT], { input: INPUT });
  expect(status).toBe(0);
  return stdout.trimEnd().split('\n').sort();
}

test('rank 0 reads the standard input, the others find it empty', async () => {
  expect(await counts()).toEqual(['rank 0 read 3000000', 'rank 1 read 0', 'rank 2 read 0']);
});

test('--stdin 2, all and none', async () => {
  expect(await counts('--stdin', '2')).toEqual(['rank 0 read 0', 'rank 1 read 0', 'rank 2 read 3000000']);
  expect(await counts('--stdin', 'all')).toEqual(['rank 0 read 3000000', 'rank 1 read 3000000', 'rank 2 read 3000000']);
  expect(await counts('--stdin', 'none')).toEqual(['rank 0 read 0', 'rank 1 read 0', 'rank 2 read 0']);
});

test('--stdin all goes on for the others when a rank does not read', async () => {
  const script = `
    if (process.env.PAR_RANK === '0') process.exit(0);
    let n = 0; process.stdin.on('data', (c) => { n += c.length }).on('end', () => console.log(n))`;
  const { stdout, status } = await par(['run', '-np', '2', '--no-label', '--stdin', 'all', 'node', '-e', script], {
    input: INPUT,
  });
  expect({ stdout, status }).toEqual({ stdout: '3000000\n', status: 0 });
});

test('a rank that does not read leaves the input to whoever comes next', async () => {
  const left = execFileSync('sh', ['-c', '"$0" "$1" run -np 1 sh -c : 2>/dev/null; cat', process.execPath, BIN], {
    input: 'for later',
  });
  expect(left.toString()).toBe('for later');
});
