import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const soak = join(import.meta.dirname, 'soak', 'random-kills.ts');

// 200 kills during 100,000 tasks: node packages/futures/test/cluster/soak/random-kills.ts
test('10 random kills of workers during 5,000 tasks with dependencies lose no result and leave nothing', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'par-test-'));
  const seed = Math.floor(Math.random() * 2 ** 32);
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [soak, '10', '5000', String(seed)], {
      env: { ...process.env, TMPDIR: directory, NODE_OPTIONS: '' },
    });
    const { killed, tasks, tasksLeft, processesLeft, workersStarted } = JSON.parse(stdout) as Record<string, number>;
    expect({ tasksLeft, processesLeft }, `seed ${seed}`).toEqual({
      tasksLeft: 0,
      processesLeft: 0,
    });
    expect(killed).toBeGreaterThanOrEqual(10);
    expect(tasks).toBeGreaterThanOrEqual(5000);
    expect(workersStarted).toBeGreaterThan(10);
    expect(readdirSync(directory)).toEqual([]);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
