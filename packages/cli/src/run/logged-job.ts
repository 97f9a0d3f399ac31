import type { Job } from './job.ts';
import type { LoggedJob } from './log-dir.ts';

/** The contents of `job.json`; `status` undefined while the job runs. */
export function describeJob(id: string, job: Job, status: number | undefined): LoggedJob {
  return {
    job: id,
    argv: ['par', ...process.argv.slice(2)],
    cwd: process.cwd(),
    hosts: [...new Set(job.ranks.map(({ plan }) => plan.host))],
    size: job.ranks.length,
    startedAt: job.startedAt.toISOString(),
    endedAt: status === undefined ? null : new Date().toISOString(),
    status: status ?? null,
    ranks: job.ranks.map(({ plan, pid, end, startedAt, endedAt, signalled }) => ({
      rank: plan.rank,
      appnum: plan.appnum,
      host: plan.host,
      pid: pid ?? null,
      argv: [plan.file, ...plan.args],
      startedAt: startedAt.toISOString(),
      endedAt: endedAt?.toISOString() ?? null,
      exit: end ?? null,
      endedByPar: signalled,
    })),
  };
}
