import * as collectives from '../collectives/index.ts';
import { UNDEFINED } from '../constants.ts';
import { ArgumentRangeError, ArgumentTypeError, ParError } from '../errors.ts';
import { Group } from '../group.ts';
import type { BufferOp, OpLike } from '../ops/op.ts';
import { createCartesian, createDistGraph, createDistGraphAdjacent, createGraph } from '../topology/index.ts';
import type { CartesianCommunicator, DistGraphCommunicator, GraphCommunicator } from '../topology/topology.ts';
import type { Context, Replacement, Transport } from '../transport/index.ts';
import { checkOptions } from './arguments.ts';
import { CollectiveCalls } from './collective-calls.ts';
import type { BufferLike, Communicator, InPlace, IntercommOptions, Universe, Waitable } from './communicator.ts';
import { orGiveUp } from './giving-up.ts';
import { InterComm } from './intercomm.ts';
import type { Intercommunicator } from './intercommunicator.ts';
import { abortStatus, HostState, type Job, jobInProcess, processorName } from './job.ts';
import { Turns } from './turns.ts';

/** The communicator of all ranks of a transport, for programs that make their transport themselves. */
export function worldOf(transport: Transport, job: Job = jobInProcess(transport)): Comm {
  return new Comm(job, transport.world, 'world');
}

/** What the job of a communicator, or of a transport, is part of; undefined where no rank can be started later. */
export function universeOf(of: Communicator | Transport): Universe | undefined {
  const job = 'job' in of ? (of as Comm).job : jobInProcess(of as Transport);
  const { universe } = job.transport;
  if (universe === undefined) return undefined;
  return {
    comm: new Comm(job, universe.context, 'universe'),
    onArrival: (listener) => universe.onArrival(listener),
    evict: (rank, reason) => universe.evict(rank, reason),
  };
}

/** The rank a color and key give this caller, or throws PAR_ARGUMENT. */
function checkSplit(color: number, key: number): void {
  if (!Number.isSafeInteger(color) || (color < 0 && color !== UNDEFINED)) {
    throw new ArgumentRangeError(
      'PAR_ARGUMENT',
      `split: color is ${String(color)}, but must be an integer ≥ 0 or UNDEFINED`,
    );
  }
  if (!Number.isSafeInteger(key)) {
    throw new ArgumentRangeError('PAR_ARGUMENT', `split: key is ${String(key)}, but must be an integer`);
  }
}

/** An intracommunicator: a group of ranks that talk to each other. */
export class Comm extends CollectiveCalls implements Communicator {
  readonly job: Job;
  readonly rank: number;
  readonly size: number;
  readonly group: Group;
  readonly #state: HostState;
  /** Contexts are made in the order of the calls, also by calls that first ask the other ranks something. */
  readonly #derivations = new Turns();
  #children = 0;

  constructor(job: Job, context: Context, name: string) {
    const state = new HostState(job.transport, context, name);
    super(context, state);
    this.#state = state;
    this.job = job;
    this.rank = context.rank;
    this.size = context.size;
    this.group = new Group(context.ranks, job.transport.world.rank);
  }

  get transport(): string {
    return this.job.transport.name;
  }
  get processorName(): string {
    return processorName(this.job.transport);
  }
  get name(): string {
    return this.#state.name;
  }
  set name(name: string) {
    this.#state.name = name;
  }

  scan<T>(value: T, op: OpLike<T>, options?: Waitable): Promise<T> {
    return collectives.scan(this.host, value, op, options);
  }
  scanInto(send: BufferLike | InPlace, recv: BufferLike, op: BufferOp, options?: Waitable): Promise<void> {
    return collectives.scanInto(this.host, send, recv, op, options);
  }
  exscan<T>(value: T, op: OpLike<T>, options?: Waitable): Promise<T | undefined> {
    return collectives.exscan(this.host, value, op, options);
  }
  exscanInto(send: BufferLike | InPlace, recv: BufferLike, op: BufferOp, options?: Waitable): Promise<void> {
    return collectives.exscanInto(this.host, send, recv, op, options);
  }

  async dup({ signal }: Waitable = {}): Promise<Comm> {
    return this.derive(
      Array.from({ length: this.size }, (_, rank) => rank),
      'dup',
      signal,
    );
  }

  async split(options: { color: number; key?: number | undefined } & Waitable): Promise<Comm | undefined> {
    checkOptions(options, 'split', '{ color: 0 }');
    const { color, key = 0, signal } = options;
    checkSplit(color, key);
    return orGiveUp(this.#split(color, key), signal, this.#where('split'));
  }

  async #split(color: number, key: number): Promise<Comm | undefined> {
    const name = this.#childName('split');
    const turn = this.#derivations.take();
    try {
      const choices = await this.allgather([color, key]);
      await turn.come;
      if (color === UNDEFINED) return undefined;
      const members = choices
        .map(([itsColor, itsKey], rank) => ({ color: itsColor!, key: itsKey!, rank }))
        .filter((choice) => choice.color === color)
        .sort((a, b) => a.key - b.key || a.rank - b.rank)
        .map((choice) => choice.rank);
      const made = this.context.derive(members);
      turn.over();
      return new Comm(this.job, await made, name);
    } finally {
      turn.over();
    }
  }

  async splitByHost({ key = 0, signal }: { key?: number | undefined } & Waitable = {}): Promise<Comm> {
    const { hosts, hostIds = hosts } = this.job.transport;
    const mine = hostIds[this.context.ranks[this.rank]!];
    const color = this.context.ranks.findIndex((rank) => hostIds[rank] === mine);
    return (await this.split({ color, key, signal }))!;
  }

  async create(group: Group, { signal }: Waitable = {}): Promise<Comm | undefined> {
    const members = this.#membersOf(group, 'create');
    return members.includes(this.rank) ? this.derive(members, 'create', signal) : undefined;
  }

  async createFromGroup(group: Group, { signal }: Waitable = {}): Promise<Comm> {
    const members = this.#membersOf(group, 'createFromGroup');
    if (!members.includes(this.rank)) {
      throw new ArgumentTypeError(
        'PAR_ARGUMENT',
        `createFromGroup: rank ${this.rank} calls it, but is not in the group`,
      );
    }
    return this.derive(members, 'create', signal);
  }

  cartesian(
    dims: readonly number[],
    options?: { periodic?: boolean | readonly boolean[]; reorder?: boolean } & Waitable,
  ): Promise<CartesianCommunicator | undefined> {
    return createCartesian(this, dims, options);
  }
  graph(
    index: readonly number[],
    edges: readonly number[],
    options?: { reorder?: boolean } & Waitable,
  ): Promise<GraphCommunicator | undefined> {
    return createGraph(this, index, edges, options);
  }
  distGraphAdjacent(
    sources: readonly number[],
    destinations: readonly number[],
    options?: { sourceWeights?: readonly number[]; destWeights?: readonly number[] } & Waitable,
  ): Promise<DistGraphCommunicator> {
    const making = createDistGraphAdjacent(this, sources, destinations, options);
    return orGiveUp(making, options?.signal, this.#where('distGraphAdjacent'));
  }
  distGraph(
    sources: readonly number[],
    degrees: readonly number[],
    destinations: readonly number[],
    options?: { weights?: readonly number[] } & Waitable,
  ): Promise<DistGraphCommunicator> {
    const making = createDistGraph(this, sources, degrees, destinations, options);
    return orGiveUp(making, options?.signal, this.#where('distGraph'));
  }

  async intercomm(options: IntercommOptions): Promise<Intercommunicator> {
    checkOptions(options, 'intercomm', '{ localLeader: 0, bridge: world, remoteLeader: 1 }');
    const { localLeader, bridge } = options;
    if (!Number.isInteger(localLeader) || localLeader < 0 || localLeader >= this.size) {
      throw new ArgumentRangeError(
        'PAR_RANK',
        `intercomm: localLeader is ${String(localLeader)}, of ${this.size} ranks`,
      );
    }
    if (this.rank === localLeader && !(bridge instanceof Comm)) {
      throw new ArgumentTypeError(
        'PAR_ARGUMENT',
        'intercomm: the local leader must pass the communicator that joins the two leaders as `bridge`',
      );
    }
    return orGiveUp(this.#intercomm(options), options.signal, this.#where('intercomm'));
  }

  async #intercomm({ localLeader, bridge, remoteLeader, tag = 0 }: IntercommOptions): Promise<Intercommunicator> {
    const name = this.#childName('intercomm');
    const turn = this.#derivations.take();
    try {
      await turn.come;
      const local = await this.context.derive(Array.from({ length: this.size }, (_, rank) => rank));
      const joint = bridge instanceof Comm ? bridge.context : undefined;
      const made = this.context.connect(localLeader, joint, remoteLeader, tag);
      turn.over();
      return new InterComm(this.job, await made, local, name);
    } finally {
      turn.over();
    }
  }

  compare(other: Communicator): 'ident' | 'congruent' | 'similar' | 'unequal' {
    if (other === this) return 'ident';
    const groups = this.group.compare(other.group);
    return groups === 'ident' ? 'congruent' : groups;
  }

  async free(): Promise<void> {
    if (this.context === this.job.transport.world) {
      throw new ParError('PAR_FREED', 'free: the world lives as long as the job; free what was made from it');
    }
    if (this.#state.freed) return;
    this.#state.freed = true;
    await this.context.free();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.context === this.job.transport.world) await this.job.transport.close();
    else await this.free();
  }

  expendable(replacement?: Replacement): void {
    this.job.transport.expendable?.(replacement);
  }

  abort(code = 1): never {
    const status = abortStatus(code);
    const reason = `rank ${this.job.transport.world.rank} called abort(${code})`;
    this.job.transport.abort(status, reason);
    return this.job.exit(status, reason);
  }

  /** New communicator of these ranks of this one, in that order; collective over exactly those ranks. */
  derive(ranks: readonly number[], kind: string, signal?: AbortSignal): Promise<Comm> {
    return orGiveUp(this.#derive(ranks, kind), signal, this.#where(kind));
  }

  async #derive(ranks: readonly number[], kind: string): Promise<Comm> {
    this.#state.checkUsable();
    const name = this.#childName(kind);
    const turn = this.#derivations.take();
    await turn.come;
    const made = this.context.derive(ranks);
    turn.over();
    return new Comm(this.job, await made, name);
  }

  #where(operation: string): string {
    return `${operation} on ${this.name}, rank ${this.rank}`;
  }

  #childName(kind: string): string {
    this.#children += 1;
    return `${this.name}.${kind}${this.#children}`;
  }

  #membersOf(group: Group, operation: string): number[] {
    if (!(group instanceof Group)) {
      throw new ArgumentTypeError(
        'PAR_ARGUMENT',
        `${operation}: expected a Group such as world.group.include([0, 1]), got ${JSON.stringify(group)}`,
      );
    }
    return group.ranks.map((worldRank) => {
      const rank = this.context.ranks.indexOf(worldRank);
      if (rank >= 0) return rank;
      throw new ArgumentRangeError(
        'PAR_RANK',
        `${operation}: world rank ${worldRank} of the group is not in ${this.name}`,
      );
    });
  }
}
