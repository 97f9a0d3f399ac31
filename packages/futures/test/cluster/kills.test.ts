import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const program = join(import.meta.dirname, 'programs', 'kills.ts');

describe('a worker is killed', () => {
  const temporary = mkdtempSync(join(tmpdir(), 'par-test-'));
  const directory = mkdtempSync(join(tmpdir(), 'par-test-'));
  const outcomes: Record<string, unknown> = {};
  beforeAll(async () => {
    const env = { ...process.env, TMPDIR: temporary, NODE_OPTIONS: '' };
    const { stdout } = await promisify(execFile)(process.execPath, [program, directory], { env, timeout: 60_000 });
    for (const line of stdout.trim().split('\n')) Object.assign(outcomes, JSON.parse(line));
  }, 70_000);
  afterAll(() => {
    for (const one of [temporary, directory]) rmSync(one, { recursive: true, force: true });
  });

  it('under an actor: calls under way, later ones and its future say that it is lost; another can be made', () => {
    const lost = { code: 'PAR_ACTOR_LOST', message: expect.stringContaining('the worker holding the actor was lost') };
    expect(outcomes.actor).toEqual({ during: lost, after: lost, future: lost, anew: 1 });
  });

  it('under a stream: the generator runs again, and every value comes once, in order', () => {
    expect(outcomes.stream).toEqual({ inOrder: true, count: 1000, pids: 2 });
  });

  it('under a client inside a task: what it submitted vanishes', () => {
    expect(outcomes.client).toEqual({ parent: 'ran again', left: 0 });
  });

  it('by the cluster, because it is silent: what it had is computed again, and another takes its place', () => {
    expect(outcomes.stopped).toEqual({ value: 1000, others: 2 });
  });

  it('or there are more and fewer workers: new ones take queued work, data of those that leave is kept', () => {
    expect(outcomes.scaled).toEqual({ spread: true, workers: 1, results: [0, 1, 2, 3, 4, 5, 6, 7], ran: 8 });
  });

  it('a task that needs more workers waits for them, and says so; one that needs what none of them has fails', () => {
    expect(outcomes.short).toEqual({
      warnings: [expect.stringMatching(/waits for workers.*needs 3 workers at a time.*the 2 workers are/)],
      wide: 3,
      unknown: { code: 'PAR_UNRUNNABLE', message: expect.stringContaining('needs 1 gpu') },
    });
  });

  it('and nothing stays behind', () => {
    expect(readdirSync(temporary)).toEqual([]);
  });
});
