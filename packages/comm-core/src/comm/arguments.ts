import { ANY_SOURCE, ANY_TAG, PROC_NULL, TAG_MAX } from '../constants.ts';
import { ArgumentRangeError } from '../errors.ts';

/** Throws PAR_RANK unless `dest` is a rank of the peers or PROC_NULL. */
export function checkDest(dest: number, peers: number, operation: string): void {
  if (Number.isInteger(dest) && ((dest >= 0 && dest < peers) || dest === PROC_NULL)) return;
  throw new ArgumentRangeError(
    'PAR_RANK',
    `${operation}: dest is ${String(dest)}, but must be a rank from 0 to ${peers - 1}, or PROC_NULL`,
  );
}

/** Throws PAR_RANK unless `source` is a rank of the peers, ANY_SOURCE or PROC_NULL. */
export function checkSource(source: number, peers: number, operation: string): void {
  if (Number.isInteger(source) && ((source >= 0 && source < peers) || source === ANY_SOURCE || source === PROC_NULL)) {
    return;
  }
  throw new ArgumentRangeError(
    'PAR_RANK',
    `${operation}: source is ${String(source)}, but must be a rank from 0 to ${peers - 1}, ANY_SOURCE or PROC_NULL`,
  );
}

/** Throws PAR_TAG unless `tag` can be sent. */
export function checkSendTag(tag: number, operation: string): void {
  if (Number.isInteger(tag) && tag >= 0 && tag <= TAG_MAX) return;
  throw new ArgumentRangeError(
    'PAR_TAG',
    `${operation}: tag is ${String(tag)}, but must be an integer from 0 to ${TAG_MAX}`,
  );
}

/** Throws PAR_TAG unless `tag` can be received. */
export function checkRecvTag(tag: number, operation: string): void {
  if (tag !== ANY_TAG) checkSendTag(tag, operation);
}
