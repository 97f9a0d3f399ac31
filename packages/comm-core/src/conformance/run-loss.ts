import type { Communicator } from '../comm/communicator.ts';
import type { Capabilities } from '../transport/index.ts';
import { makeTools } from './checks.ts';
import { deadline, within } from './deadline.ts';
import { LOSS_CASES } from './peer-loss.ts';
import { errorText, pendingOf, type RankReport } from './run-rank.ts';

/** World rank that is lost. */
export const VICTIM = 1;
/** Sizes at which a rank is lost: its last peer, one of few, one of many. */
export const LOSS_SIZES: readonly number[] = [2, 3, 5];

/** Names of the peer-loss cases that say something about a job of this size. */
export function lossNames(size: number): string[] {
  return LOSS_CASES.filter((test) => size >= (test.minSize ?? 2)).map((test) => test.name);
}

/** Runs the peer-loss cases on this rank. `lose` ends the victim once every survivor is prepared. */
export async function runLoss(
  world: Communicator,
  capabilities: Capabilities,
  deadlineMs: number,
  lose: () => void,
  report: (report: RankReport) => void,
): Promise<void> {
  const { rank, size } = world;
  const tests = LOSS_CASES.filter((test) => size >= (test.minSize ?? 2));
  const checks: [string, () => Promise<void>][] = [];
  const start = deadline(deadlineMs);
  for (const test of tests) {
    const where = `rank ${rank} of ${size}, preparing "${test.name}"`;
    const tools = makeTools(`rank ${rank} of ${size}`, start.signal, capabilities);
    checks.push([test.name, await within(start.signal, where, test.prepare(world, VICTIM, tools))]);
  }
  if (rank === VICTIM) {
    for (let peer = 0; peer < size; peer++) {
      if (peer !== rank) await within(start.signal, `waiting for rank ${peer}`, world.recv({ source: peer, tag: 99 }));
    }
    start.clear();
    lose();
    return;
  }
  await within(start.signal, 'telling the victim', world.send('prepared', { dest: VICTIM, tag: 99 }));
  start.clear();
  for (const [name, check] of checks) {
    const started = performance.now();
    const { signal, clear } = deadline(deadlineMs);
    const entry = (): Pick<RankReport, 'rank' | 'kind' | 'name' | 'ms'> => ({
      rank,
      kind: 'world',
      name,
      ms: performance.now() - started,
    });
    try {
      await within(signal, `rank ${rank} of ${size}`, check());
      report({ ...entry(), outcome: 'passed' });
    } catch (error) {
      report({ ...entry(), outcome: 'failed', error: errorText(error), pending: pendingOf(world) });
    } finally {
      clear();
    }
  }
}
