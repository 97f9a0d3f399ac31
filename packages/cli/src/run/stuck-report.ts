import { readFileSync } from 'node:fs';
import type { DebuggerLines } from './debugger-lines.ts';
import type { Rank } from './rank-process.ts';
import { readStack } from './stack.ts';
import type { Starter } from './starter.ts';
import type { Summary } from './summary.ts';

/** Time ranks have to say what they are doing. */
const ANSWER_MS = 2000;

export interface WatchedRank {
  readonly process: Rank;
  /** Undefined for a program that is not Node's. */
  readonly debugger: DebuggerLines | undefined;
}

/** `--stack-on-timeout`: what each living rank waits for, and where its program is. Takes 2 seconds at most. */
export async function reportStuck(ranks: readonly WatchedRank[], starter: Pick<Starter, 'pending'>): Promise<Summary> {
  const signal = AbortSignal.timeout(ANSWER_MS);
  const living = ranks.filter(({ process }) => process.alive);
  const states = await Promise.all(
    living.map(async ({ process, debugger: lines }) => {
      const { rank } = process.plan;
      const [pending, stack] = await Promise.all([
        starter.pending(rank, signal).catch((error: Error) => `unknown: ${error.message}`),
        lines ? stackOf(process.pid!, lines, signal) : 'unknown: not a Node program',
      ]);
      return { rank, pid: process.pid, pending, stack };
    }),
  );
  const lines = states.flatMap(({ rank, pid, pending, stack }) => [
    `rank ${rank} (pid ${pid})`,
    ...indent('pending', pending.length === 0 ? 'nothing' : pending),
    ...indent('stack', stack),
  ]);
  return { text: lines.map((line) => `par: ${line}`).join('\n'), record: { event: 'stuck', ranks: states } };
}

function indent(title: string, value: string | readonly string[]): string[] {
  return typeof value === 'string' ? [`  ${title}: ${value}`] : value.map((line) => `  ${title}: ${line}`);
}

async function stackOf(pid: number, lines: DebuggerLines, signal: AbortSignal): Promise<string | readonly string[]> {
  try {
    lines.quiet = true;
    // Only the rank itself, not its process group: for other programs this signal is the end.
    process.kill(pid, 'SIGUSR1');
    return await readStack(await Promise.race([lines.url, rejected(signal)]), signal);
  } catch (error) {
    return `unknown: ${(error as Error).message}${stateOf(pid)}`;
  }
}

function rejected(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = () => reject(new Error('its debugger did not open'));
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
}

/** What the kernel says of a process that does not answer (proc_pid_status(5)). */
function stateOf(pid: number): string {
  try {
    const state = /^State:\s+\S \((.*)\)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return state === undefined ? '' : `; the process is ${state}`;
  } catch {
    return '';
  }
}
