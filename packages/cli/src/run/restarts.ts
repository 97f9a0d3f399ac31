import { join } from 'node:path';
import type { RunOptions } from '../command-line/parse-run.ts';
import type { Job } from './job.ts';

/** Runs a job; hosts by these names are left out. */
export type RunJob = (
  options: RunOptions,
  onStart: (job: Job) => void,
  withoutHosts: ReadonlySet<string>,
) => Promise<number>;

/**
 * `--max-restarts`: a job that a rank or a lost host has ended is started again from the beginning, all ranks together, without the
 * hosts that were lost. Ranks find in PAR_RESTART how often that has happened. Not restarted: what was interrupted, timed out, or could
 * not be started.
 */
export async function runWithRestarts(
  options: RunOptions,
  runJob: RunJob,
  onStart: (job: Job) => void,
): Promise<number> {
  const lost = new Set<string>();
  for (let restart = 0; ; restart++) {
    let job: Job | undefined;
    const note = (started: Job): void => {
      job = started;
      onStart(started);
    };
    const status = await runJob(attempt(options, restart), note, lost);
    if (restart === options.maxRestarts || job === undefined || !hasFailed(job)) return status;
    for (const { end, plan } of job.ranks) if (end?.kind === 'host-lost') lost.add(plan.host);
    const without = lost.size > 0 ? ` without ${[...lost].join(', ')}` : '';
    process.stderr.write(`par: starting all ranks again${without} (${restart + 1} of ${options.maxRestarts})\n`);
  }
}

function attempt(options: RunOptions, restart: number): RunOptions {
  if (options.maxRestarts === 0) return options;
  const counter = { kind: 'set', name: 'PAR_RESTART', value: String(restart) } as const;
  const { segments, logDir } = options;
  return {
    ...options,
    segments: segments.map((segment) => ({ ...segment, environment: [...segment.environment, counter] })),
    // What the failed attempt has said is needed most.
    logDir: logDir !== undefined && restart > 0 ? join(logDir, `restart-${restart}`) : logDir,
  };
}

function hasFailed({ policy }: Job): boolean {
  const { cause } = policy;
  return cause?.kind === 'abort' || (cause?.kind === 'rank' && cause.end.kind !== 'not-started');
}
