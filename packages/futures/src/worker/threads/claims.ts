/**
 * Who has a task that was handed to a thread, in memory both see: the thread claims it to run it, the rank to take it back.
 * A word per slot: the ticket of the task it was last offered to, a multiple of 4, plus a state. Whoever changes the state
 * from WAITING first has the task; a task of an earlier ticket is nobody's.
 */
const WAITING = 0;
const STARTED = 1;
const RECALLED = 2;
const TICKET = 4;

/** Tasks a thread holds at most. */
export const SLOTS = 4096;

export type ClaimMemory = Int32Array<SharedArrayBuffer>;

/** One word per slot, then the slot whose code runs right now, plus 1. */
export function createClaims(): ClaimMemory {
  return new Int32Array(new SharedArrayBuffer(4 * (SLOTS + 1)));
}

/** Rank: the slot has a new task. Gives the task's ticket. */
export function offer(claims: ClaimMemory, slot: number): number {
  const ticket = ((Atomics.load(claims, slot) & -TICKET) + TICKET) | 0;
  Atomics.store(claims, slot, ticket | WAITING);
  return ticket;
}

/** Thread: whether the task is this thread's to run. */
export function claim(claims: ClaimMemory, slot: number, ticket: number): boolean {
  return Atomics.compareExchange(claims, slot, ticket | WAITING, ticket | STARTED) === (ticket | WAITING);
}

/** Rank: whether the slot's task had not started and now never will in this thread. */
export function recall(claims: ClaimMemory, slot: number): boolean {
  const waiting = (Atomics.load(claims, slot) & -TICKET) | WAITING;
  return Atomics.compareExchange(claims, slot, waiting, (waiting & -TICKET) | RECALLED) === waiting;
}

/** Rank: whether the slot's task was begun. */
export function isStarted(claims: ClaimMemory, slot: number): boolean {
  return (Atomics.load(claims, slot) & (TICKET - 1)) === STARTED;
}

/** Thread: the task that has the thread; undefined for none. */
export function markCurrent(claims: ClaimMemory, slot: number | undefined): void {
  claims[SLOTS] = slot === undefined ? 0 : slot + 1;
}

/** Rank, once the thread is gone: the task that had it last. */
export function currentOf(claims: ClaimMemory): number | undefined {
  const current = Atomics.load(claims, SLOTS);
  return current === 0 ? undefined : current - 1;
}
