import type { Control, Key } from './control.ts';

/*
 * Making a communicator blocks inside MPI until all its ranks have called. A rank that went in first could not answer
 * anybody, and two ranks that make two communicators in different orders would wait for each other for ever. So:
 * every rank says it is ready; the lowest one, once all are, collects each rank's permission in rising order of rank (a
 * rank gives one permission at a time, so there is no circle of waiting); then all go in together.
 */
type Step = 'ready' | 'permit' | 'permitted' | 'go';

/** One communicator is made at a time in each process. */
export class Permission {
  #last: Promise<void> = Promise.resolve();

  /** Resolves, in order of the calls, with the function that gives the permission back. */
  take(): Promise<() => void> {
    let release!: () => void;
    const before = this.#last;
    this.#last = new Promise((resolve) => {
      release = resolve;
    });
    return before.then(() => release);
  }
}

/**
 * Brings all members (world ranks) to the same point, each holding its own permission; the caller does the blocking call at
 * once and then gives the permission back.
 */
export async function agree(
  control: Control,
  permission: Permission,
  key: Key,
  members: readonly number[],
  me: number,
): Promise<() => void> {
  const inOrder = [...members].sort((a, b) => a - b);
  const leader = inOrder[0]!;
  const tell = (rank: number, step: Step): Promise<void> => control.send(rank, key, step);
  if (me !== leader) {
    await tell(leader, 'ready');
    await control.receive(key); // permit
    const release = await permission.take();
    await tell(leader, 'permitted');
    await control.receive(key); // go
    return release;
  }
  for (let i = 1; i < inOrder.length; i++) await control.receive(key); // ready
  const release = await permission.take();
  for (const member of inOrder.slice(1)) {
    await tell(member, 'permit');
    await control.receive(key); // permitted
  }
  await Promise.all(inOrder.slice(1).map((member) => tell(member, 'go')));
  return release;
}
