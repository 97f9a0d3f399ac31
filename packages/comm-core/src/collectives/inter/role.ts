import type { RootOptions } from '../../comm/communicator.ts';
import { PROC_NULL, ROOT } from '../../constants.ts';
import { ArgumentRangeError } from '../../errors.ts';
import { type Call, describe } from '../call.ts';

/** What a rank is in a rooted collective between two groups (MPI-4.1 §6.2.3). */
export type Role =
  | { readonly is: 'root' }
  /** In the root's group, but not the root: it takes no part. */
  | { readonly is: 'bystander' }
  /** In the other group, with the root's rank there. */
  | { readonly is: 'peer'; readonly root: number };

/** The role from `root`: ROOT, PROC_NULL, or the rank of the root in the other group, default 0. Throws PAR_RANK. */
export function roleOf(call: Call, options: RootOptions | undefined): Role {
  const root = options?.root ?? 0;
  if (root === ROOT) return { is: 'root' };
  if (root === PROC_NULL) return { is: 'bystander' };
  if (Number.isInteger(root) && root >= 0 && root < call.remoteSize!) return { is: 'peer', root };
  throw new ArgumentRangeError(
    'PAR_RANK',
    `${describe(call)}: root is ${String(root)}, but must be ROOT, PROC_NULL or a rank of the other group, 0 to ${call.remoteSize! - 1}`,
  );
}
