// The program every rank of a process job runs: `node rank.js <config.json>`. It knows nothing of the test runner.
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { argv, exit } from 'node:process';
import { init } from '../index.ts';
import { selectCases } from './cases.ts';
import type { RankConfig } from './run-job.ts';
import { type RankReport, runRank } from './run-rank.ts';

const config = JSON.parse(readFileSync(argv[2]!, 'utf8')) as RankConfig;
const world = await init();
const file = join(config.directory, `rank-${world.rank}.jsonl`);
// Written at once and by this rank alone, so that a report survives whatever ends the process next.
const report = (entry: RankReport): void => appendFileSync(file, `${JSON.stringify(entry)}\n`);
const passed = await runRank(world, { ...config, cases: selectCases(config.only) }, report);
if (!passed) exit(1);
