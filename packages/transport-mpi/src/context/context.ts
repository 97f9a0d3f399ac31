import type { Context, NativeCollectives } from '@par/comm-core/transport';
import { MpiCollectives } from '../collectives/mpi-collectives.ts';
import { mpiErrorOf } from '../errors.ts';
import type { Bulk } from '../messages/bulk.ts';
import { PendingCollective } from '../messages/operations.ts';
import { MpiSpace, type Planes } from '../messages/space.ts';
import { DONE, FAILED, type Handle, ROUND } from '../native.ts';
import { ended, type Progress } from '../progress.ts';
import { agree, type Permission } from './agreement.ts';
import { type Control, type Key, keyOf } from './control.ts';
import { duplicate } from './duplicate.ts';

/** What all contexts of a job share. */
export interface Job {
  readonly progress: Progress;
  readonly bulk: Bulk;
  readonly control: Control;
  readonly permission: Permission;
  /** This process's world rank. */
  readonly me: number;
  readonly among?: Planes['among'];
}

/** The communicators of a context: the program's own, and duplicates for values and for collectives. */
export interface Handles {
  readonly own: Handle;
  readonly values: Handle;
  readonly collective: Handle;
}

/** Tag of communicator creation; permissions keep creations with common ranks apart. */
const CREATION_TAG = 0;

/** A context on three MPI communicators of the same group. */
export class MpiContext extends MpiSpace implements Context {
  readonly job: Job;
  readonly key: Key;
  readonly handles: Handles;
  readonly rank: number;
  readonly size: number;
  readonly ranks: readonly number[];
  readonly remoteRanks: readonly number[] | undefined;
  readonly collective: MpiSpace;
  readonly #collectives: NativeCollectives | undefined;
  readonly #made = new Map<string, number>();
  #end: Promise<void> | undefined;

  constructor(
    job: Job,
    key: Key,
    handles: Handles,
    ranks: readonly number[],
    remoteRanks: readonly number[] | undefined,
  ) {
    const peers = remoteRanks ?? ranks;
    const among = job.among ? { among: job.among } : {};
    super(job.progress, job.bulk, { buffers: handles.own, values: handles.values, peers, ...among });
    this.job = job;
    this.key = key;
    this.handles = handles;
    this.rank = ranks.indexOf(job.me);
    this.size = ranks.length;
    this.ranks = ranks;
    this.remoteRanks = remoteRanks;
    const { collective } = handles;
    this.collective = new MpiSpace(job.progress, job.bulk, {
      buffers: collective,
      values: collective,
      peers,
      ...among,
    });
    // Between groups comm-core's algorithms do as well, and do not depend on what a library makes of bystanders. Alone there is
    // nothing to do (and MPICH 4.0 ignores the displacement of the only block in MPI_Iallgatherv).
    const several = remoteRanks === undefined && ranks.length > 1;
    // Ranks that do not run par take part in MPI's own collectives only.
    const allRunPar = job.among === undefined;
    const rounds = allRunPar && ranks.length <= ROUND.ranks ? collective : undefined;
    this.#collectives = several
      ? new MpiCollectives(job.progress, handles.own, rounds, this.rank, ranks.length, this, allRunPar)
      : undefined;
  }

  /** None once MPI has ended: comm-core's own are refused like any message. */
  get native(): NativeCollectives | undefined {
    return this.job.progress.stopped ? undefined : this.#collectives;
  }

  async derive(ranks: readonly number[]): Promise<Context> {
    const key = this.remoteRanks ? this.#nextKey('duplicate', []) : this.#nextKey('derive', ranks);
    const whole = ranks.length === this.size && ranks.every((rank, i) => rank === i);
    const { own } = this.handles;
    if (this.remoteRanks) {
      const members = [...this.ranks, ...this.remoteRanks];
      const handles = await this.#make(key, members, () => duplicate(this.job.progress, own));
      return new MpiContext(this.job, key, handles, this.ranks, this.remoteRanks);
    }
    const members = ranks.map((rank) => this.ranks[rank]!);
    const handles = await this.#make(key, members, (native) =>
      whole ? duplicate(this.job.progress, own) : native.createGroup(own, Int32Array.from(ranks), CREATION_TAG),
    );
    return new MpiContext(this.job, key, handles, members, undefined);
  }

  async connect(localLeader: number, bridge: Context | undefined, remoteLeader: number, tag: number): Promise<Context> {
    const { control, me } = this.job;
    const invitation = this.#nextKey('connect', []);
    let offer: { key: Key; remote: readonly number[] };
    if (this.rank === localLeader) {
      const joint = bridge as MpiContext;
      const other = joint.ranks[remoteLeader]!;
      const key = joint.#nextKey('bridge', [tag, Math.min(me, other), Math.max(me, other)]);
      await control.send(other, key, this.ranks);
      const { body } = await control.receive(key);
      offer = { key, remote: body as number[] };
      const rest = this.ranks.filter((rank) => rank !== me);
      await Promise.all(rest.map((rank) => control.send(rank, invitation, offer)));
    } else {
      offer = (await control.receive(invitation)).body as typeof offer;
    }
    const { key, remote } = offer;
    const joint = this.rank === localLeader ? (bridge as MpiContext).handles.collective : undefined;
    const handles = await this.#make(keyOf(key, 'intercomm'), [...this.ranks, ...remote], (native) =>
      native.intercomm(this.handles.own, localLeader, joint, remoteLeader, tag),
    );
    return new MpiContext(this.job, keyOf(key, 'intercontext'), handles, this.ranks, remote);
  }

  async merge(high: boolean): Promise<Context> {
    const key = this.#nextKey('merge', []);
    const members = [...this.ranks, ...(this.remoteRanks ?? [])];
    const handles = await this.#make(key, members, (native) => native.merge(this.handles.own, high));
    const order = this.job.progress.native.worldRanks(handles.own);
    return new MpiContext(this.job, key, handles, [...order], undefined);
  }

  free(): Promise<void> {
    this.#end ??= this.#free();
    return this.#end;
  }

  async #free(): Promise<void> {
    this.giveUp();
    this.collective.giveUp();
    const { native } = this.job.progress;
    // Nobody frees before everybody has stopped: what was sent before still arrives or is given up on both sides.
    await this.barrier(this.handles.collective, 'free');
    for (const handle of Object.values(this.handles) as Handle[]) {
      try {
        native.free(handle);
      } catch (error) {
        throw mpiErrorOf(error);
      }
    }
  }

  /** A barrier of all ranks of a communicator, for the ends of things: it also works on what was given up. */
  barrier(plane: Handle, what: string): Promise<void> {
    const { progress } = this.job;
    if (progress.stopped) return Promise.reject(ended(what));
    const slot = progress.native.barrier(plane);
    if (slot === DONE) return progress.done();
    if (slot === FAILED) return Promise.reject(progress.failure(what));
    return new Promise((resolve, reject) => {
      progress.wait(slot, new PendingCollective(progress, undefined, what, resolve, reject));
    });
  }

  async #make(
    key: Key,
    members: readonly number[],
    create: (native: Progress['native']) => Handle | Promise<Handle>,
  ): Promise<Handles> {
    const { control, permission, me, progress } = this.job;
    if (progress.stopped) throw ended('a new communicator');
    const release = await agree(control, permission, key, members, me);
    const { native } = progress;
    try {
      const own = await create(native);
      const values = await duplicate(progress, own);
      return { own, values, collective: await duplicate(progress, own) };
    } catch (error) {
      throw mpiErrorOf(error);
    } finally {
      release();
    }
  }

  /** All members make the same contexts of the same ranks in the same order, so counting those names each. */
  #nextKey(kind: string, ranks: readonly number[]): Key {
    const what = `${kind} ${ranks.join()}`;
    const count = (this.#made.get(what) ?? 0) + 1;
    this.#made.set(what, count);
    return keyOf(this.key, kind, ranks, count);
  }
}
