import { PendingCollective } from '../messages/operations.ts';
import type { Handle } from '../native.ts';
import type { Progress } from '../progress.ts';

/** Duplicates a communicator. Collective over it, and does not block. */
export async function duplicate(progress: Progress, comm: Handle): Promise<Handle> {
  const { handle, slot } = progress.native.startDuplicate(comm);
  await new Promise<void>((resolve, reject) => {
    progress.wait(slot, new PendingCollective(progress, handle, 'duplicate of a communicator', resolve, reject));
  });
  progress.native.finishDuplicate(handle);
  return handle;
}
