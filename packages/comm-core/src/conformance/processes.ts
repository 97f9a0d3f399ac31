import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Capabilities } from '../transport/index.ts';
import type { Coverage } from './case.ts';
import type { JobResult, ProcessJob } from './job.ts';
import type { RankReport } from './run-rank.ts';

/** Time beyond a case's own in which some rank must have reported something. */
const SILENCE_MS = 30_000;
/** Time a launcher gets to end its ranks before it is killed. */
const GRACE_MS = 10_000;
/** Output of a launcher that a report quotes. */
const QUOTED_CHARACTERS = 6000;

/** What the ranks of a process job are to do. */
export type Work =
  | { readonly purpose: 'cases'; readonly skip: number; readonly only: string | undefined; readonly coverage: Coverage }
  | { readonly purpose: 'peer-loss' };

/** What the rank program reads. */
export interface RankConfig {
  /** Where each rank writes its reports, a file each. */
  readonly directory: string;
  readonly capabilities: Capabilities;
  readonly deadlineMs: number;
  readonly work: Work;
}

async function reportFiles(directory: string): Promise<string[]> {
  const names = await readdir(directory);
  return names.filter((name) => name.startsWith('rank-')).map((name) => join(directory, name));
}

async function bytesReported(directory: string): Promise<number> {
  const sizes = await Promise.all((await reportFiles(directory)).map(async (file) => (await stat(file)).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function readReports(directory: string): Promise<RankReport[]> {
  const texts = await Promise.all((await reportFiles(directory)).map((file) => readFile(file, 'utf8')));
  // A rank killed while it wrote leaves a last line without an end.
  return texts.flatMap((text) =>
    text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as RankReport),
  );
}

/** Starts the ranks, ends them when nothing is reported for too long, and says how the job ended. */
async function launch(
  job: ProcessJob,
  program: readonly string[],
  directory: string,
  silenceMs: number,
): Promise<Omit<JobResult, 'reports'>> {
  const { command, args, env } = job.launch(program);
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-QUOTED_CHARACTERS);
    });
  }
  let stopped = false;
  let bytes = 0;
  let since = Date.now();
  const watch = setInterval(async () => {
    const now = await bytesReported(directory);
    if (now !== bytes) {
      bytes = now;
      since = Date.now();
    }
    const silence = Date.now() - since;
    if (silence < silenceMs) return;
    child.kill(stopped && silence > silenceMs + GRACE_MS ? 'SIGKILL' : 'SIGTERM');
    stopped = true;
  }, 1000);
  const [code, how] = await new Promise<[number | null, string]>((resolve) => {
    child.on('error', (error) => resolve([null, `could not be started: ${error.message}`]));
    child.on('close', (status, signal) => resolve([status, `ended with ${signal ?? `status ${status}`}`]));
  });
  clearInterval(watch);
  const why = stopped ? `, stopped because no rank reported anything for ${silenceMs / 1000} s` : '';
  return {
    ended: stopped ? 'stopped' : code === 0 ? 'cleanly' : 'badly',
    ending: `${[command, ...args].join(' ')}\n${how}${why}${output && `\nIts last output:\n${output}`}`,
  };
}

/** Does the work in one job of `rankProgram` as real processes. `longestMs`: the deadline of the longest case. */
export async function runProcesses(
  job: ProcessJob,
  rankProgram: string,
  config: Omit<RankConfig, 'directory'>,
  longestMs: number,
): Promise<JobResult> {
  const directory = await mkdtemp(join(tmpdir(), 'par-conformance-'));
  try {
    const file = join(directory, 'config.json');
    await writeFile(file, JSON.stringify({ ...config, directory } satisfies RankConfig));
    const ended = await launch(job, [rankProgram, file], directory, longestMs + SILENCE_MS);
    return { reports: await readReports(directory), ...ended };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
