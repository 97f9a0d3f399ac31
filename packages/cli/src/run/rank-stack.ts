import { readFileSync } from 'node:fs';
import type { DebuggerLines } from './debugger-lines.ts';
import { readStack } from './stack.ts';

/** Opens the debugger of a living Node process and reads its stack; words that say why not otherwise. */
export async function stackOf(
  pid: number,
  lines: DebuggerLines,
  signal: AbortSignal,
): Promise<string | readonly string[]> {
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
