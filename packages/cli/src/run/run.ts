import { randomBytes } from 'node:crypto';
import { availableParallelism, hostname } from 'node:os';
import type { RunOptions } from '../command-line/parse-run.ts';
import { makeOutput } from '../output/make-output.ts';
import type { Output } from '../output/output.ts';
import { Sink } from '../output/sink.ts';
import { openControl } from './control.ts';
import { copyStdin } from './copy-stdin.ts';
import { DebuggerLines } from './debugger-lines.ts';
import { describePlans } from './dry-run.ts';
import { Job } from './job.ts';
import { jobDirectory, makeJobDirectory, removeJobDirectory } from './job-directory.ts';
import { LogDirectory } from './log-dir.ts';
import { describeJob } from './logged-job.ts';
import { planRanks, type ResolvedSegment, rendezvousPath, resolveSegments } from './plan.ts';
import { Reaper } from './reaper.ts';
import { forwardSignals } from './signals.ts';
import { Tail } from './stderr-tail.ts';
import { reportStuck } from './stuck-report.ts';
import { describeEnd, summarize } from './summary.ts';

/** Time the last output of a killed job has to get out. */
const LAST_OUTPUT_MS = 1000;

/** `par run`: returns its exit status. Throws UsageError when the job cannot start. */
export async function run(options: RunOptions): Promise<number> {
  if (options.dryRun) return dryRun(options);
  if (!options.watch) return runJob(options, () => {});
  const { watchJob } = await import('./watch.ts');
  return watchJob(options, runJob);
}

/** Runs a job to its end and returns its exit status; `onStart` gets it once all ranks were started. */
async function runJob(options: RunOptions, onStart: (job: Job) => void): Promise<number> {
  const { segments, size } = resolveSegments(options);
  const logDir = options.logDir === undefined ? undefined : new LogDirectory(options.logDir, size);
  let job: Job | undefined;
  const unhook = forwardSignals(() => job);
  const id = randomBytes(16).toString('hex');
  const directory = jobDirectory(id);
  const reaper = new Reaper(id, directory);
  try {
    makeJobDirectory(directory);
    return await runIn({ options, segments, size, id, directory, reaper, logDir }, (started) => {
      job = started;
      onStart(started);
    });
  } finally {
    removeJobDirectory(directory);
    reaper.close();
    unhook();
  }
}

function dryRun(options: RunOptions): number {
  const { segments, size } = resolveSegments(options);
  const identity = {
    id: '<job>',
    secret: '<secret>',
    rendezvous: 'unix:<directory>/rendezvous.sock',
    transportModule: transportModule(),
    size,
  };
  process.stdout.write(describePlans(planRanks(segments, options, identity, options.logDir), hostname()));
  return 0;
}

function transportModule(): string {
  return import.meta.resolve('@par/transport-tcp');
}

interface Setting {
  readonly options: RunOptions;
  readonly segments: readonly ResolvedSegment[];
  readonly size: number;
  readonly id: string;
  readonly directory: string;
  readonly reaper: Reaper;
  readonly logDir: LogDirectory | undefined;
}

async function runIn(setting: Setting, onStart: (job: Job) => void): Promise<number> {
  const { options, segments, size, id, directory, reaper, logDir } = setting;
  let job: Job | undefined;

  let paused = false;
  const onChange = (): void => {
    const code = sinks.stdout.problem?.code;
    if (code !== undefined) job?.outputLost(code);
    const full = sinks.stdout.full || sinks.stderr.full;
    if (full !== paused) job?.pause(full);
    paused = full;
  };
  const sinks = { stdout: new Sink(process.stdout, onChange), stderr: new Sink(process.stderr, onChange) };
  const output = makeOutput(options, size, sinks, directory);
  // A reader that has stopped reading must not keep a job from ending that was told to.
  const discardIn = (ms: number): void => {
    setTimeout(() => {
      sinks.stdout.discard();
      sinks.stderr.discard();
    }, ms).unref();
  };
  const note = (message: string): void => output.report(`par: ${message}`, { event: 'note', message });

  const secret = randomBytes(32).toString('hex');
  const control = await openControl({
    path: rendezvousPath(directory),
    size,
    jobId: id,
    secret,
    onAbort: (rank, status, reason) => job?.abort(rank, status, reason),
    onNotice: note,
  });
  const identity = { id, secret, rendezvous: control.address, transportModule: transportModule(), size };
  const plans = planRanks(segments, options, identity, options.logDir);

  const shown = plans.map(({ rank }) => options.ranks?.some((r) => r.first <= rank && rank <= r.last) ?? true);
  const tails = plans.map(() => new Tail());
  const debuggers = plans.map(({ appnum }) =>
    options.stackOnTimeout && segments[appnum]!.program.kind === 'node' ? new DebuggerLines() : undefined,
  );
  job = new Job({
    plans,
    reaper,
    onFail: options.onFail,
    graceMs: options.graceMs,
    output: {
      output: (rank, stream, chunk) => {
        const bytes = stream === 'stderr' ? (debuggers[rank]?.filter(chunk) ?? chunk) : chunk;
        if (stream === 'stderr') tails[rank]!.push(bytes);
        logDir?.write(rank, stream, bytes);
        if (shown[rank] && bytes.length > 0) output.write(rank, stream, bytes);
      },
      outputEnded: (rank, stream) => {
        logDir?.end(rank, stream);
        output.end(rank, stream);
      },
      ended: (rank, end) => {
        control.rankEnded(rank, describeEnd(end));
        output.report(undefined, { event: 'exit', rank, end });
      },
    },
    onKill: () => discardIn(sinks.stdout.full || sinks.stderr.full ? 0 : LAST_OUTPUT_MS),
  });
  const running = job;
  onStart(running);
  if (options.stdin.kind === 'all') feedStdin(running, note);
  if (size > availableParallelism()) note(`${size} ranks share ${availableParallelism()} cores`);
  const started = running.ranks.map((rank) => ({ rank: rank.plan.rank, host: hostname(), pid: rank.pid }));
  output.report(undefined, { event: 'start', job: id, size, ranks: started });
  logDir?.describe(describeJob(id, running, undefined));
  const timer = setTimer(options, running, async () => {
    if (!options.stackOnTimeout) return;
    const watched = running.ranks.map((process, rank) => ({ process, debugger: debuggers[rank] }));
    const stuck = await reportStuck(watched, control);
    output.report(stuck.text, stuck.record);
  });

  await running.ended;
  if (running.ending) discardIn(options.graceMs);
  await output.finish();
  report(running, tails, options, output);
  await Promise.all([sinks.stdout.flushed(), sinks.stderr.flushed()]);
  clearTimeout(timer);
  control.close();
  const { status } = running.policy;
  logDir?.describe(describeJob(id, running, status));
  for (const sink of Object.values(sinks)) sink.release();
  return status;
}

function setTimer({ timeoutMs }: RunOptions, job: Job, before: () => Promise<void>): NodeJS.Timeout | undefined {
  if (timeoutMs === undefined) return undefined;
  return setTimeout(() => {
    void before().finally(() => job.timeout());
  }, timeoutMs);
}

function feedStdin(job: Job, note: (message: string) => void): void {
  const inputs = job.ranks.flatMap((rank) => rank.stdin ?? []);
  copyStdin(process.stdin, inputs).catch((error: Error) => {
    note(`standard input cannot be read: ${error.message}`);
    for (const input of inputs) input.end();
  });
}

function report(job: Job, tails: readonly Tail[], options: RunOptions, output: Output): void {
  const ranks = job.ranks.map(({ pid, end }, rank) => ({ host: hostname(), pid, end, stderr: tails[rank]!.lines }));
  const summary = summarize(job.policy, ranks, job.endedByPar, options.timeoutMs);
  if (summary) output.report(summary.text, summary.record);
}
