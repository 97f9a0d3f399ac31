import { randomBytes } from 'node:crypto';
import { availableParallelism, hostname } from 'node:os';
import type { RunOptions } from '../command-line/parse-run.ts';
import { makeOutput } from '../output/make-output.ts';
import type { Output } from '../output/output.ts';
import { Sink } from '../output/sink.ts';
import { copyStdin } from './copy-stdin.ts';
import { DebuggerLines } from './debugger-lines.ts';
import { describeCommand, describePlans } from './dry-run.ts';
import { rankEnvironment } from './environment.ts';
import { Job } from './job.ts';
import { jobDirectory, makeJobDirectory, removeJobDirectory } from './job-directory.ts';
import { LogDirectory } from './log-dir.ts';
import { describeJob } from './logged-job.ts';
import { planRanks, type ResolvedSegment, resolveSegments } from './plan.ts';
import { Reaper } from './reaper.ts';
import { forwardSignals } from './signals.ts';
import type { Setting, Starter, StarterEvents } from './starter.ts';
import { Tail } from './stderr-tail.ts';
import { reportStuck } from './stuck-report.ts';
import { describeEnd, summarize } from './summary.ts';
import { tcpStarter, tcpTransportModule } from './tcp-starter.ts';

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
    return await runIn({ options, segments, size, id, directory, reaper }, logDir, (started) => {
      job = started;
      onStart(started);
    });
  } finally {
    removeJobDirectory(directory);
    reaper.close();
    unhook();
  }
}

async function dryRun(options: RunOptions): Promise<number> {
  const { segments, size } = resolveSegments(options);
  process.stdout.write(
    options.transport === 'mpi' ? await mpiPlan(options, segments) : tcpPlan(options, segments, size),
  );
  return 0;
}

function tcpPlan(options: RunOptions, segments: readonly ResolvedSegment[], size: number): string {
  const identity = {
    id: '<job>',
    secret: '<secret>',
    rendezvous: 'unix:<directory>/rendezvous.sock',
    transportModule: tcpTransportModule(),
    size,
    secure: options.secure,
  };
  const plans = planRanks(segments, options, (rank, appnum) => rankEnvironment(identity, rank, appnum));
  return describePlans(plans, hostname());
}

async function mpiPlan(options: RunOptions, segments: readonly ResolvedSegment[]): Promise<string> {
  const { plainCommand } = await import('../mpi/starter.ts');
  return describeCommand(await plainCommand(options, segments));
}

async function runIn(setting: Setting, logDir: LogDirectory | undefined, onStart: (job: Job) => void): Promise<number> {
  const { options, segments, size, id, directory } = setting;
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

  const starter = await makeStarter(setting, { job: () => job, note });
  const { plans } = starter;

  const shown = plans.map(({ rank }) => options.ranks?.some((r) => r.first <= rank && rank <= r.last) ?? true);
  const tails = plans.map(() => new Tail());
  const debuggers = plans.map(({ appnum }) =>
    options.stackOnTimeout && segments[appnum]!.program.kind === 'node' ? new DebuggerLines() : undefined,
  );
  job = new Job({
    start: (events) => starter.start(events),
    causeMs: starter.causeMs,
    isConsequence: (end) => starter.isConsequence(end),
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
        starter.rankEnded(rank, describeEnd(end));
        output.report(undefined, { event: 'exit', rank, end });
      },
    },
    onKill: () => discardIn(sinks.stdout.full || sinks.stderr.full ? 0 : LAST_OUTPUT_MS),
  });
  const running = job;
  onStart(running);
  feedStdin(running, note);
  if (size > availableParallelism()) note(`${size} ranks share ${availableParallelism()} cores`);
  const started = running.ranks.map((rank) => ({ rank: rank.plan.rank, host: hostname(), pid: rank.pid }));
  output.report(undefined, { event: 'start', job: id, size, ranks: started });
  logDir?.describe(describeJob(id, running, undefined));
  const timer = setTimer(options, running, async () => {
    if (!options.stackOnTimeout) return;
    const watched = running.ranks.map((process, rank) => ({ process, debugger: debuggers[rank] }));
    const stuck = await reportStuck(watched, starter);
    output.report(stuck.text, stuck.record);
  });

  await running.ended;
  await starter.close();
  if (running.ending) discardIn(options.graceMs);
  await output.finish();
  report(running, tails, options, output);
  await Promise.all([sinks.stdout.flushed(), sinks.stderr.flushed()]);
  clearTimeout(timer);
  const { status } = running.policy;
  logDir?.describe(describeJob(id, running, status));
  for (const sink of Object.values(sinks)) sink.release();
  return status;
}

/** What starts through an MPI is loaded only then. */
async function makeStarter(setting: Setting, events: StarterEvents): Promise<Starter> {
  if (setting.options.transport !== 'mpi') return tcpStarter(setting, events);
  const { mpiStarter } = await import('../mpi/starter.ts');
  return mpiStarter(setting, events);
}

function setTimer({ timeoutMs }: RunOptions, job: Job, before: () => Promise<void>): NodeJS.Timeout | undefined {
  if (timeoutMs === undefined) return undefined;
  return setTimeout(() => {
    void before().finally(() => job.timeout());
  }, timeoutMs);
}

function feedStdin(job: Job, note: (message: string) => void): void {
  const inputs = job.ranks.flatMap((rank) => rank.stdin ?? []);
  if (inputs.length === 0) return;
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
