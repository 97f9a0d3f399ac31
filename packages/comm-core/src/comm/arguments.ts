import { ANY_SOURCE, ANY_TAG, PROC_NULL, TAG_MAX } from '../constants.ts';
import { ArgumentRangeError, ArgumentTypeError } from '../errors.ts';

/** A wrong argument in a message: numbers as they are, texts in quotes. */
function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

/** Throws PAR_ARGUMENT unless it is an options object: `recv(0)` must not receive from anybody. */
export function checkOptions(options: unknown, operation: string, example: string): void {
  if (typeof options === 'object' && options !== null) return;
  throw new ArgumentTypeError(
    'PAR_ARGUMENT',
    `${operation}: expected an options object such as ${example}, got ${shown(options)}`,
  );
}

/** Throws PAR_ARGUMENT unless it is an AbortSignal or undefined. */
export function checkSignal(signal: unknown, operation: string): void {
  // Not `instanceof`: environments of browser tests bring an AbortSignal of their own.
  if (signal === undefined || (typeof signal === 'object' && signal !== null && 'aborted' in signal)) return;
  throw new ArgumentTypeError(
    'PAR_ARGUMENT',
    `${operation}: signal is ${shown(signal)}, but must be an AbortSignal such as AbortSignal.timeout(5000)`,
  );
}

/** Whether a send is synchronous; throws PAR_ARGUMENT for a mode there is none of. */
export function isSynchronous(mode: unknown, operation: string): boolean {
  if (mode === undefined || mode === 'standard') return false;
  if (mode === 'synchronous') return true;
  throw new ArgumentTypeError(
    'PAR_ARGUMENT',
    `${operation}: mode is ${shown(mode)}, but must be "standard" or "synchronous"`,
  );
}

/** Throws PAR_RANK unless `dest` is a rank of the peers or PROC_NULL. */
export function checkDest(dest: number, peers: number, operation: string): void {
  if (Number.isInteger(dest) && ((dest >= 0 && dest < peers) || dest === PROC_NULL)) return;
  throw new ArgumentRangeError(
    'PAR_RANK',
    `${operation}: dest is ${shown(dest)}, but must be a rank from 0 to ${peers - 1}, or PROC_NULL`,
  );
}

/** Throws PAR_RANK unless `source` is a rank of the peers, ANY_SOURCE or PROC_NULL. */
export function checkSource(source: number, peers: number, operation: string): void {
  if (Number.isInteger(source) && ((source >= 0 && source < peers) || source === ANY_SOURCE || source === PROC_NULL)) {
    return;
  }
  throw new ArgumentRangeError(
    'PAR_RANK',
    `${operation}: source is ${shown(source)}, but must be a rank from 0 to ${peers - 1}, ANY_SOURCE or PROC_NULL`,
  );
}

/** Throws PAR_TAG unless `tag` can be sent. */
export function checkSendTag(tag: number, operation: string): void {
  if (Number.isInteger(tag) && tag >= 0 && tag <= TAG_MAX) return;
  throw new ArgumentRangeError(
    'PAR_TAG',
    `${operation}: tag is ${shown(tag)}, but must be an integer from 0 to ${TAG_MAX}`,
  );
}

/** Throws PAR_TAG unless `tag` can be received. */
export function checkRecvTag(tag: number, operation: string): void {
  if (tag !== ANY_TAG) checkSendTag(tag, operation);
}
