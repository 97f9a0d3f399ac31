import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientCore } from './core.ts';
import type { FutureState } from './future-state.ts';
import { toRanges } from './ranges.ts';
import { settled } from './result.ts';

/** Milliseconds between two looks at the tasks. */
const INTERVAL_MS = 200;
/** The scheduler spends at most this part of its time on them. */
const MOST_SHARE = 0.05;
const BAR_WIDTH = 24;

/** Where progress is shown; nothing is unless it is a terminal. */
export interface ProgressStream {
  readonly isTTY?: boolean | undefined;
  /** Characters in a line. */
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

export interface ProgressOptions {
  /** Default: the standard error stream. */
  readonly stream?: ProgressStream | undefined;
  /** Ends the wait with PAR_TIMEOUT or PAR_CANCELLED; the tasks go on. */
  readonly signal?: AbortSignal | undefined;
}

interface Progress {
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  readonly running: number;
  readonly seconds: number;
}

/** Waits until tasks are done, whether they finish, fail or are cancelled, and shows how far they are in a line of a terminal. */
export async function progress(
  core: ClientCore,
  states: ReadonlySet<FutureState>,
  { stream = process.stderr, signal }: ProgressOptions,
): Promise<void> {
  const over = settled(core, states, { signal, what: `progress of ${states.size} futures` });
  if (!stream.isTTY) return over;
  const began = performance.now();
  const stop = new AbortController();
  const end = (): void => stop.abort();
  over.then(end, end);
  const show = (running: number, last = ''): void => {
    const seconds = (performance.now() - began) / 1000;
    stream.write(
      `\r\u001b[K${lineOf({ ...countsOf(states), running, seconds }).slice(0, (stream.columns ?? 80) - 1)}${last}`,
    );
  };
  while (!stop.signal.aborted) {
    const asked = performance.now();
    show(await running(core, states));
    const pause = Math.max(INTERVAL_MS, (performance.now() - asked) / MOST_SHARE);
    await sleep(pause, undefined, { signal: stop.signal }).catch(end);
  }
  show(0, '\n');
  return over;
}

async function running(core: ClientCore, states: ReadonlySet<FutureState>): Promise<number> {
  const pending: number[] = [];
  for (const state of states) if (state.pending) pending.push(state.number);
  if (pending.length === 0 || core.ended) return 0;
  const counts = await core.request({ method: 'counts', ranges: toRanges(pending) }).catch((error: Error) => {
    // The end of the client ends the tasks, which is what is shown then.
    if (core.ended) return {} as Readonly<Record<string, number>>;
    throw error;
  });
  return counts.processing ?? 0;
}

function countsOf(states: ReadonlySet<FutureState>): Pick<Progress, 'total' | 'done' | 'failed'> {
  let done = 0;
  let failed = 0;
  for (const { pending, outcome } of states) {
    if (!pending) done++;
    if (outcome.status === 'error' || outcome.status === 'cancelled') failed++;
  }
  return { total: states.size, done, failed };
}

/** `[####----] 40/100  3 running  1 failed  12.5/s  0:05 left`, for people. */
export function lineOf({ total, done, failed, running, seconds }: Progress): string {
  const filled = total === 0 ? BAR_WIDTH : Math.floor((done / total) * BAR_WIDTH);
  const rate = seconds > 0 ? done / seconds : 0;
  const parts = [`[${'#'.repeat(filled)}${'-'.repeat(BAR_WIDTH - filled)}] ${done}/${total}`];
  if (running > 0) parts.push(`${running} running`);
  if (failed > 0) parts.push(`${failed} failed`);
  if (rate > 0) parts.push(`${rate >= 100 ? Math.round(rate) : rate.toPrecision(3)}/s`);
  if (done === total) parts.push(`in ${clock(seconds)}`);
  else if (rate > 0) parts.push(`${clock((total - done) / rate)} left`);
  return parts.join('  ');
}

function clock(seconds: number): string {
  const whole = Math.round(seconds);
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value: number): string => String(value).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}
