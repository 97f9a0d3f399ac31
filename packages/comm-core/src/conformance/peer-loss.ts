import type { Communicator } from '../comm/communicator.ts';
import { PeerLostError } from '../errors.ts';
import { SUM } from '../index.ts';
import type { Tools } from './case.ts';
import { ranksOf, tagged } from './tagged.ts';

/**
 * What the loss of a rank does to the others. All cases share one job and one loss: every rank prepares all of them, the
 * victim is lost, and the survivors check them one after the other.
 */
export interface LossCase {
  readonly name: string;
  readonly minSize?: number;
  /** Gives the check that survivors make after the loss; what the victim prepares is lost with it. */
  prepare(world: Communicator, victim: number, t: Tools): Promise<() => Promise<void>>;
}

async function lost(promise: Promise<unknown>, victim: number, t: Tools, what: string): Promise<void> {
  const error = await t.rejects(promise, 'PAR_PEER_LOST', what);
  t.ok(error instanceof PeerLostError && error.rank === victim, `${what} names world rank ${victim}`);
}

/** Starts an operation whose failure is looked at later. */
function parked<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

const pending: LossCase = {
  name: 'operations that wait for the lost rank reject with PAR_PEER_LOST and its rank',
  async prepare(world, victim, t) {
    if (world.rank === victim) return async () => undefined;
    const waiting: Record<string, Promise<unknown>> = {
      recv: parked(world.recv({ source: victim, tag: 1 })),
      recvInto: parked(world.recvInto(new Uint8Array(9), { source: victim, tag: 2 })),
      probe: parked(world.probe({ source: victim, tag: 3 })),
      mprobe: parked(world.mprobe({ source: victim, tag: 3 })),
      'a synchronous send': parked(world.send('unread', { dest: victim, tag: 4, mode: 'synchronous' })),
      'a long send': parked(world.sendBuffer(new Uint8Array(3_000_000), { dest: victim, tag: 5 })),
    };
    return async () => {
      for (const [what, promise] of Object.entries(waiting)) await lost(promise, victim, t, what);
    };
  },
};

const later: LossCase = {
  name: 'operations that need the lost rank and start after the loss reject too',
  prepare: async (world, victim, t) => async () => {
    await lost(world.recv({ source: victim, tag: 1 }), victim, t, 'recv');
    await lost(world.recvInto(new Uint8Array(1), { source: victim, tag: 1 }), victim, t, 'recvInto');
    await lost(world.probe({ source: victim, tag: 1 }), victim, t, 'probe');
    await lost(world.send(1, { dest: victim, tag: 1, mode: 'synchronous' }), victim, t, 'a synchronous send');
    await lost(world.sendBuffer(new Uint8Array(1_000_000), { dest: victim, tag: 1 }), victim, t, 'a long send');
  },
};

const collectives: LossCase = {
  name: 'collectives with the lost rank, under way or started later, reject on every survivor',
  async prepare(world, victim, t) {
    const twin = await world.dup();
    // The victim never calls this one.
    const under = world.rank === victim ? undefined : parked(twin.allreduce(1, SUM));
    return async () => {
      await lost(under!, victim, t, 'an allreduce under way');
      await lost(twin.barrier(), victim, t, 'a barrier');
      await lost(world.allgather(1), victim, t, 'an allgather on the world');
    };
  },
};

const survivors: LossCase = {
  name: 'messages between survivors, and communicators without the lost rank, go on',
  minSize: 3,
  async prepare(world, victim, t) {
    const part = (await world.split({ color: world.rank === victim ? 1 : 0, key: world.rank }))!;
    const others = ranksOf(world.size).filter((r) => r !== victim);
    const at = others.indexOf(world.rank);
    const next = others[(at + 1) % others.length]!;
    const before = others[(at + others.length - 1) % others.length]!;
    const waiting = world.rank === victim ? undefined : parked(world.recv({ source: before, tag: 7 }));
    return async () => {
      await world.send(tagged(world.rank, next), { dest: next, tag: 7 });
      t.equal(await waiting, tagged(before, world.rank), 'a receive posted before the loss');
      t.equal(await part.allgather(world.rank), others, 'allgather of the survivors');
      t.equal(await part.allreduce(1, SUM), others.length, 'allreduce of the survivors');
      const twin = await part.dup();
      t.equal(await twin.allgather(world.rank), others, 'a communicator made after the loss');
      const made = await world.createFromGroup(world.group.exclude([victim]));
      t.equal(await made.allgather(world.rank), others, 'a communicator made of the rest of the world');
    };
  },
};

export const LOSS_CASES: readonly LossCase[] = [pending, later, collectives, survivors];
