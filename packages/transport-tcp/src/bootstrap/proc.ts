import { readFileSync } from 'node:fs';

/** A process as Linux describes it (proc_pid_stat(5)). */
export interface ProcessStat {
  readonly pid: number;
  readonly name: string;
  readonly parent: number;
  /** It has ended and waits to be buried. */
  readonly dead: boolean;
  /** Ticks since the system's start: another process that gets the number later has another one. */
  readonly started: string;
}

/** Undefined: there is none, or no /proc. */
export function stat(pid: number): ProcessStat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  // "17 (name) S 12 …": a name can have spaces and brackets.
  const end = text.lastIndexOf(')');
  const [state, parent, ...more] = text.slice(end + 2).split(' ');
  return {
    pid,
    name: text.slice(text.indexOf('(') + 1, end),
    parent: Number(parent),
    dead: state === 'Z' || state === 'X',
    started: more[17]!,
  };
}
