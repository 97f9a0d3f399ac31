import { randomBytes } from 'node:crypto';
import type { RunOptions } from '../command-line/parse-run.ts';
import { makeOutput } from '../output/make-output.ts';
import { Sink } from '../output/sink.ts';
import { Job } from './job.ts';
import { makeJobDirectory, removeJobDirectory } from './job-directory.ts';
import { planRanks, rendezvousPath, resolveSegments } from './plan.ts';
import { Reaper } from './reaper.ts';
import { forwardSignals } from './signals.ts';

/** Runs a job to its end and returns the exit status of `par run`. Throws UsageError when it cannot start. */
export async function run(options: RunOptions): Promise<number> {
  const { segments, size } = resolveSegments(options);
  let job: Job | undefined;
  const unhook = forwardSignals(() => job);
  const directory = makeJobDirectory();
  const id = randomBytes(16).toString('hex');
  const reaper = new Reaper(id, directory);
  const identity = {
    id,
    secret: randomBytes(32).toString('hex'),
    rendezvous: `unix:${rendezvousPath(directory)}`,
    transportModule: import.meta.resolve('@par/transport-tcp'),
    size,
  };
  const onChange = () => {
    if (sinks.stdout.closed) job?.outputClosed();
    job?.pause(sinks.stdout.full || sinks.stderr.full);
  };
  const sinks = { stdout: new Sink(process.stdout, onChange), stderr: new Sink(process.stderr, onChange) };
  const output = makeOutput(options, size, sinks, directory);
  const shown = (rank: number) => options.ranks?.some(({ first, last }) => first <= rank && rank <= last) ?? true;
  job = new Job({
    plans: planRanks(segments, options, identity, options.logDir),
    reaper,
    onFail: options.onFail,
    graceMs: options.graceMs,
    output: {
      output: (rank, stream, chunk) => {
        if (shown(rank)) output.write(rank, stream, chunk);
      },
      outputEnded: (rank, stream) => output.end(rank, stream),
    },
  });
  await job.ended;
  await output.finish();
  await Promise.all([sinks.stdout.flushed(), sinks.stderr.flushed()]);
  removeJobDirectory(directory);
  reaper.close();
  unhook();
  return job.policy.status;
}
