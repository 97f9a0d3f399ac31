// The program every rank of a process job runs: `node rank.js <config.json>`. It knows nothing of the test runner.
import { openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { argv, exit, kill, pid } from 'node:process';
import { init } from '../index.ts';
import { selectCases } from './cases.ts';
import type { RankConfig } from './processes.ts';
import { runLoss } from './run-loss.ts';
import { type RankReport, runRank } from './run-rank.ts';

const { directory, capabilities, deadlineMs, work } = JSON.parse(readFileSync(argv[2]!, 'utf8')) as RankConfig;
const world = await init(work.purpose === 'peer-loss' ? { onPeerLoss: 'reject' } : {});
const file = openSync(join(directory, `rank-${world.rank}.jsonl`), 'a');
// Written at once and by this rank alone, so that a report survives whatever ends the process next.
const report = (entry: RankReport): void => void writeSync(file, `${JSON.stringify(entry)}\n`);
if (work.purpose === 'peer-loss') {
  await runLoss(world, capabilities, deadlineMs, () => kill(pid, 'SIGKILL'), report);
} else {
  const { skip, only, coverage } = work;
  const plan = { cases: selectCases(only), coverage, capabilities, skip, deadlineMs };
  const passed = await runRank(world, plan, report);
  if (!passed) exit(1);
}
