import type { Capabilities } from '../transport/index.ts';
import type { InProcessJob, JobResult } from './job.ts';
import { runLoss, VICTIM } from './run-loss.ts';
import { errorText, type Plan, type RankReport, runRank } from './run-rank.ts';

/** Time the other ranks get, after one failed, to end the case or to say what they wait for. */
const AFTER_FAILURE_MS = 500;

async function everyRank(
  job: InProcessJob,
  reports: readonly RankReport[],
  run: (world: InProcessJob['worlds'][number]) => Promise<unknown>,
): Promise<JobResult> {
  const ended = await Promise.allSettled(job.worlds.map(run));
  const errors = ended.flatMap((result, rank) =>
    result.status === 'rejected' ? [`rank ${rank}: ${errorText(result.reason)}`] : [],
  );
  return { reports, ended: errors.length === 0 ? 'cleanly' : 'badly', ending: errors.join('\n') };
}

/** Runs the plan with all ranks in this process. */
export async function runInProcess(job: InProcessJob, plan: Plan): Promise<JobResult> {
  const reports: RankReport[] = [];
  const stop = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const report = (entry: RankReport): void => {
    reports.push(entry);
    if (entry.outcome === 'failed') timer ??= setTimeout(() => stop.abort(), AFTER_FAILURE_MS);
  };
  const result = await everyRank(job, reports, (world) => runRank(world, plan, report, stop.signal));
  clearTimeout(timer);
  return result;
}

/** Runs the peer-loss cases with all ranks in this process. */
export function runLossInProcess(
  job: InProcessJob,
  capabilities: Capabilities,
  deadlineMs: number,
): Promise<JobResult> {
  const reports: RankReport[] = [];
  const lose = () => {
    if (!job.lose) throw new Error('the transport says it survives the loss of a peer, but its job has no `lose`');
    job.lose(VICTIM);
  };
  return everyRank(job, reports, (world) =>
    runLoss(world, capabilities, deadlineMs, lose, (entry) => reports.push(entry)),
  );
}
