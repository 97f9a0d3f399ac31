import { FuturesError } from './errors.ts';
import type { ClientLink } from './link.ts';

interface Connected {
  readonly link: ClientLink;
}

let current: Connected | undefined;

/** Whether this code runs in a task's thread, for a task. */
export function isInTask(): boolean {
  return current?.link.task !== undefined;
}

/** What `new Client()` connects to. Throws PAR_NOT_INITIALIZED. */
export function currentCluster(): Connected {
  if (current !== undefined) return current;
  throw new FuturesError('PAR_NOT_INITIALIZED', 'new Client: there is no cluster yet; first: await initialize()');
}

export function setCurrentCluster(connected: Connected): void {
  current = connected;
}

/** Nobody connects to it any more. */
export function forgetCluster(connected: Connected): void {
  if (current === connected) current = undefined;
}
