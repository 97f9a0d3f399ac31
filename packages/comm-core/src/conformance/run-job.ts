import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InProcessJob, JobResult, ProcessJob } from './job.ts';
import { type Plan, type RankReport, runRank } from './run-rank.ts';

/** Time the other ranks of a process get, after one failed, to end the case or to say what they wait for. */
const AFTER_FAILURE_MS = 500;
/** Time beyond a case's own in which some rank must have reported something. */
const SILENCE_MS = 30_000;
/** Output of a launcher that a report quotes. */
const QUOTED_CHARACTERS = 6000;

/** What the rank program reads: the plan without its functions, and the directory its reports go to. */
export interface RankConfig {
  readonly directory: string;
  readonly capabilities: Plan['capabilities'];
  readonly skip: number;
  readonly only: string | undefined;
  readonly deadlineMs: number;
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
  const ended = await Promise.allSettled(job.worlds.map((world) => runRank(world, plan, report, stop.signal)));
  clearTimeout(timer);
  const errors = ended.flatMap((result, rank) =>
    result.status === 'rejected' ? [`rank ${rank}: ${String((result.reason as Error)?.stack ?? result.reason)}`] : [],
  );
  return { reports, clean: errors.length === 0, ending: errors.join('\n') };
}

async function bytesIn(directory: string): Promise<number> {
  const files = (await readdir(directory)).filter((name) => name.startsWith('rank-'));
  const sizes = await Promise.all(files.map(async (name) => (await stat(join(directory, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function readReports(directory: string): Promise<RankReport[]> {
  const files = (await readdir(directory)).filter((name) => name.startsWith('rank-'));
  const texts = await Promise.all(files.map((name) => readFile(join(directory, name), 'utf8')));
  // A rank killed while it wrote leaves a last line without an end.
  return texts.flatMap((text) =>
    text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as RankReport),
  );
}

/** Starts `command`, ends it when the directory stays silent for too long, and says how it ended. */
async function launch(job: ProcessJob, program: readonly string[], directory: string, silenceMs: number) {
  const { command, args, env } = job.launch(program);
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-QUOTED_CHARACTERS);
    });
  }
  let silent = '';
  let bytes = 0;
  let since = Date.now();
  const watch = setInterval(async () => {
    const now = await bytesIn(directory);
    if (now !== bytes) {
      bytes = now;
      since = Date.now();
    } else if (Date.now() - since > silenceMs) {
      silent = `; ended because no rank reported anything for ${silenceMs / 1000} s`;
      child.kill(Date.now() - since > silenceMs + 10_000 ? 'SIGKILL' : 'SIGTERM');
    }
  }, 1000);
  const status = await new Promise<string | 0>((resolve) => {
    child.on('error', (error) => resolve(`could not be started: ${error.message}`));
    child.on('close', (code, signal) => resolve(code === 0 ? 0 : `ended with ${signal ?? `status ${code}`}`));
  });
  clearInterval(watch);
  const line = [command, ...args].join(' ');
  const ending = `${line}\n${status || 'ended with status 0'}${silent}${output && `\nIts last output:\n${output}`}`;
  return { clean: status === 0, ending };
}

/** Runs the plan in one job of `rankProgram` as real processes. */
export async function runProcesses(
  job: ProcessJob,
  plan: Plan,
  only: string | undefined,
  rankProgram: string,
): Promise<JobResult> {
  const directory = await mkdtemp(join(tmpdir(), 'par-conformance-'));
  try {
    const { capabilities, skip, deadlineMs } = plan;
    const config: RankConfig = { directory, capabilities, skip, only, deadlineMs };
    const file = join(directory, 'config.json');
    await writeFile(file, JSON.stringify(config));
    const longest = Math.max(deadlineMs, ...plan.cases.map((test) => test.deadlineMs ?? 0));
    const ended = await launch(job, [rankProgram, file], directory, longest + SILENCE_MS);
    return { reports: await readReports(directory), ...ended };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
