import { randomBytes } from 'node:crypto';
import { availableCores } from '@par/comm-core';
import type { Fleet } from '../agent/fleet.ts';
import type { RunOptions } from '../command-line/parse-run.ts';
import type { HostsRequest } from '../hosts/allocation.ts';
import { makeOutput } from '../output/make-output.ts';
import type { Output } from '../output/output.ts';
import { Sink } from '../output/sink.ts';
import { UsageError } from '../usage-error.ts';
import { copyStdin } from './copy-stdin.ts';
import { describeCommand, describePlans } from './dry-run.ts';
import { Job } from './job.ts';
import { jobDirectory, makeJobDirectory, removeJobDirectory } from './job-directory.ts';
import { LogDirectory } from './log-dir.ts';
import { describeJob } from './logged-job.ts';
import { type ResolvedSegment, resolveSegments } from './plan.ts';
import { Reaper } from './reaper.ts';
import { runWithRestarts } from './restarts.ts';
import { forwardSignals } from './signals.ts';
import type { ClusterPart, Setting, Starter, StarterEvents } from './starter.ts';
import { Tail } from './stderr-tail.ts';
import { reportStuck } from './stuck-report.ts';
import { describeEnd, summarize } from './summary.ts';
import { hereSeats, planTcpRanks, tcpStarter } from './tcp-starter.ts';

/** Time the last output of a killed job has to get out. */
const LAST_OUTPUT_MS = 1000;

/** `par run`, and `par cluster`: returns its exit status. Throws UsageError when the job cannot start. */
export async function run(options: RunOptions, cluster?: ClusterPart): Promise<number> {
  if (options.dryRun) return dryRun(options);
  const start = (given: RunOptions, onStart: (job: Job) => void) =>
    runWithRestarts(given, (attempt, begun, without) => runJob(attempt, begun, without, cluster), onStart);
  if (!options.watch) return start(options, () => {});
  const { watchJob } = await import('./watch.ts');
  return watchJob(options, start);
}

/** Runs a job to its end and returns its exit status; `onStart` gets it once all ranks were started. */
async function runJob(
  options: RunOptions,
  onStart: (job: Job) => void,
  withoutHosts: ReadonlySet<string>,
  cluster: ClusterPart | undefined,
): Promise<number> {
  const hosts = await hostsOf(options, withoutHosts);
  // Before anything is started, where no other host has to be asked.
  const here = hosts === undefined ? resolveSegments(options) : undefined;
  let job: Job | undefined;
  let fleet: Fleet | undefined;
  const unhook = forwardSignals(
    () => job,
    () => fleet,
  );
  const id = randomBytes(16).toString('hex');
  const directory = jobDirectory(id);
  const reaper = new Reaper(`PAR_JOB=${id}`, directory);
  try {
    if (hosts !== undefined) {
      const { connectFleet } = await import('../agent/fleet.ts');
      fleet = await connectFleet(hosts, options, { id, reaper });
    }
    const { segments, size } = here ?? resolveSegments(options, fleet);
    const logDir = options.logDir === undefined ? undefined : new LogDirectory(options.logDir, size);
    makeJobDirectory(directory);
    return await runIn({ options, segments, size, id, directory, reaper, fleet, cluster }, logDir, (started) => {
      job = started;
      onStart(started);
    });
  } finally {
    await fleet?.close();
    removeJobDirectory(directory);
    reaper.close();
    unhook();
  }
}

async function dryRun(options: RunOptions): Promise<number> {
  const hosts = await hostsOf(options);
  const plannedHosts = hosts && (await import('../agent/fleet.ts')).plannedHosts;
  const planned = plannedHosts && (await plannedHosts(hosts, options));
  const { segments, size } = resolveSegments(options, planned);
  const seats = planned?.place(size) ?? hereSeats(size);
  process.stdout.write(
    options.transport === 'mpi'
      ? await mpiPlan(options, segments)
      : describePlans(
          planTcpRanks(segments, options, { id: '<job>', secret: '<secret>', size, universe: size }, seats),
        ),
  );
  return 0;
}

/** The hosts asked for, or allocated; MPI's launchers find allocations by themselves. Undefined: this host. */
async function hostsOf(options: RunOptions, without?: ReadonlySet<string>): Promise<HostsRequest | undefined> {
  const asked = options.host !== undefined || options.hostFile !== undefined || options.ppn !== undefined;
  if (options.transport === 'mpi') {
    if (asked) throw new UsageError(await otherHostsOfMpi(options));
    return undefined;
  }
  if (!asked && process.env.SLURM_JOB_ID === undefined && !process.env.PBS_NODEFILE) return undefined;
  const { requestedHosts } = await import('../hosts/allocation.ts');
  const request = requestedHosts(options, process.env);
  if (request === undefined || !without || without.size === 0) return request;
  const hosts = request.hosts.filter(({ name }) => !without.has(name));
  if (hosts.length === 0) throw new UsageError('no host is left to start the job again on');
  return { ...request, hosts };
}

async function otherHostsOfMpi(options: RunOptions): Promise<string> {
  const { onOtherHosts } = await import('../mpi/other-hosts.ts');
  return onOtherHosts(options);
}

async function mpiPlan(options: RunOptions, segments: readonly ResolvedSegment[]): Promise<string> {
  const { plainCommand } = await import('../mpi/starter.ts');
  return describeCommand(await plainCommand(options, segments));
}

async function runIn(setting: Setting, logDir: LogDirectory | undefined, onStart: (job: Job) => void): Promise<number> {
  const { options, size, id, directory } = setting;
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
  // Files of ours that cannot be written (a disk that is full) end the job as an output does that cannot.
  const keep = (what: string, write: () => void): void => {
    try {
      write();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === undefined) throw error;
      job?.outputLost(code, what);
    }
  };
  const log = `--log-dir ${options.logDir}`;
  const shownOutput = `--output ${options.output}`;
  const note = (message: string): void => output.report(`par: ${message}`, { event: 'note', message });

  const starter = await makeStarter(setting, { job: () => job, note });

  const isShown = (rank: number): boolean =>
    options.ranks?.some(({ first, last }) => first <= rank && rank <= last) ?? true;
  const tails = new Map<number, Tail>();
  job = new Job({
    start: (events) => starter.start(events),
    replacing: starter.replacing,
    causeMs: starter.causeMs,
    isConsequence: (end) => starter.isConsequence(end),
    onFail: options.onFail,
    graceMs: options.graceMs,
    output: {
      output: (rank, stream, chunk) => {
        if (stream === 'stderr') tailOf(tails, rank).push(chunk);
        keep(log, () => logDir?.write(rank, stream, chunk));
        if (isShown(rank)) keep(shownOutput, () => output.write(rank, stream, chunk));
      },
      outputEnded: (rank, stream) => {
        keep(log, () => logDir?.end(rank, stream));
        keep(shownOutput, () => output.end(rank, stream));
      },
      ended: (rank, end) => output.report(undefined, { event: 'exit', rank, end }),
    },
    lastWords: (rank, end) => starter.rankEnded(rank, end),
    onSpare: ({ plan }, end, substitute) => {
      const where = substitute && substitute.plan.host !== plan.host ? ` on ${substitute.plan.host}` : '';
      const goesOn =
        substitute === undefined ? 'the job goes on' : `rank ${substitute.plan.rank} takes its place${where}`;
      note(`rank ${plan.rank} is lost, ${goesOn}: ${describeEnd(end)} (host ${plan.host})`);
    },
    onKill: () => discardIn(sinks.stdout.full || sinks.stderr.full ? 0 : LAST_OUTPUT_MS),
  });
  const running = job;
  onStart(running);
  feedStdin(running, note);
  for (const words of crowded(setting)) note(words);
  await starter.started();
  const started = running.ranks.map(({ plan, pid }) => ({ rank: plan.rank, host: plan.host, pid }));
  output.report(undefined, { event: 'start', job: id, size, ranks: started });
  keep(log, () => logDir?.describe(describeJob(id, running, undefined)));
  const timer = setTimer(options, running, async () => {
    if (!options.stackOnTimeout) return;
    const stuck = await reportStuck(running.ranks, starter);
    output.report(stuck.text, stuck.record);
  });

  await running.ended;
  await starter.close();
  if (running.ending) discardIn(options.graceMs);
  await output.finish();
  keep(log, () => logDir?.describe(describeJob(id, running, running.policy.status)));
  report(running, tails, options, output);
  await Promise.all([sinks.stdout.flushed(), sinks.stderr.flushed()]);
  clearTimeout(timer);
  for (const sink of Object.values(sinks)) sink.release();
  return running.policy.status;
}

/** Hosts with more ranks than cores. */
function crowded({ size, fleet }: Setting): string[] {
  const hosts = fleet?.hosts ?? [{ name: undefined, ranks: size, cores: availableCores() }];
  return hosts
    .filter(({ ranks, cores }) => ranks > cores)
    .map(({ name, ranks, cores }) => {
      const where = name === undefined ? '' : `${name}: `;
      return `${where}${ranks} ranks share ${cores} ${cores === 1 ? 'core' : 'cores'}`;
    });
}

/** What starts through an MPI is loaded only then. */
async function makeStarter(setting: Setting, events: StarterEvents): Promise<Starter> {
  if (setting.cluster?.kind === 'joins') {
    const { joinStarter } = await import('../cluster/join-starter.ts');
    return joinStarter(setting, setting.cluster.access, events);
  }
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

function tailOf(tails: Map<number, Tail>, rank: number): Tail {
  const tail = tails.get(rank) ?? new Tail();
  tails.set(rank, tail);
  return tail;
}

function report(job: Job, tails: Map<number, Tail>, options: RunOptions, output: Output): void {
  const ranks = job.ranks.map(({ plan, pid, end }) => ({
    rank: plan.rank,
    host: plan.host,
    pid,
    end,
    stderr: tailOf(tails, plan.rank).lines,
  }));
  const summary = summarize(job.policy, ranks, job.endedByPar, options.timeoutMs);
  if (summary) output.report(summary.text, summary.record);
}
