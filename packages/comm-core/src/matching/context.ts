import { ParError } from '../errors.ts';
import type { Context } from '../transport/index.ts';
import { connectGroups, deriveContext, duplicateIntercontext, mergeGroups } from './agreement.ts';
import type { Engine } from './engine.ts';
import { refuseOperations, refuseReceives } from './loss.ts';
import { Plane } from './plane.ts';
import type { MatchQueues } from './queues.ts';

/** Numbers that are never made up: those that are begin at the number of ranks, which is above 1 where there is a universe. */
export const WORLD = 0;
export const UNIVERSE = 1;

/** The program's plane of a group, with the collective one beside it. */
export class MatchingContext extends Plane implements Context {
  readonly number: number;
  readonly rank: number;
  readonly size: number;
  readonly ranks: readonly number[];
  readonly remoteRanks: readonly number[] | undefined;
  readonly collective: Plane;
  readonly native = undefined;

  constructor(
    engine: Engine,
    queues: MatchQueues,
    label: string,
    rankOf: Int32Array,
    number: number,
    ranks: readonly number[],
    remoteRanks: readonly number[] | undefined,
    collective: Plane,
  ) {
    super(engine, queues, label, remoteRanks ?? ranks, rankOf);
    this.number = number;
    this.rank = ranks.indexOf(engine.rank);
    this.size = ranks.length;
    this.ranks = ranks;
    this.remoteRanks = remoteRanks;
    this.collective = collective;
  }

  /** Whether this world rank is a member, of either group. */
  includes(world: number): boolean {
    return this.rankOf[world] !== -1 || (this.remoteRanks !== undefined && this.ranks.includes(world));
  }

  rename(name: string): void {
    this.label = name;
    this.collective.label = `${name} (collective)`;
  }

  derive(ranks: readonly number[]): Promise<Context> {
    return this.remoteRanks === undefined ? deriveContext(this, ranks) : duplicateIntercontext(this, this.remoteRanks);
  }

  connect(localLeader: number, bridge: Context | undefined, remoteLeader: number, tag: number): Promise<Context> {
    return connectGroups(this, localLeader, bridge, remoteLeader, tag);
  }

  async merge(high: boolean): Promise<Context> {
    if (this.remoteRanks === undefined) {
      throw new ParError('PAR_ARGUMENT', `merge on ${this.label}: it has no remote group; merge an intercommunicator`);
    }
    return mergeGroups(this, this.remoteRanks, high);
  }

  async free(): Promise<void> {
    const { engine } = this;
    if (this.number < engine.size) {
      throw new ParError(
        'PAR_ARGUMENT',
        `free: the ${this.number === WORLD ? 'world' : 'universe'} cannot be freed; close the transport`,
      );
    }
    for (const plane of [this, this.collective]) refuseOperations(engine, plane.queues, { kind: 'freed' });
    engine.forget(this.number);
  }
}

/** Makes a context this rank is a member of; messages that came before it are found in it. */
export function createContext(
  engine: Engine,
  number: number,
  ranks: readonly number[],
  remoteRanks: readonly number[] | undefined,
): MatchingContext {
  const reserved = number === WORLD ? 'world' : number < engine.size ? 'universe' : undefined;
  const label = reserved ?? `${remoteRanks ? 'intercontext' : 'context'} ${number}`;
  const targets = remoteRanks ?? ranks;
  const rankOf = new Int32Array(engine.size).fill(-1);
  for (let rank = 0; rank < targets.length; rank++) rankOf[targets[rank]!] = rank;
  const queues = engine.queuesOf(number * 2);
  const collectiveQueues = engine.queuesOf(number * 2 + 1);
  const collective = new Plane(engine, collectiveQueues, `${label} (collective)`, targets, rankOf);
  const context = new MatchingContext(engine, queues, label, rankOf, number, ranks, remoteRanks, collective);
  engine.contexts.set(number, context);
  for (const early of [queues, collectiveQueues]) {
    for (const message of early.arrivals) {
      if (rankOf[message.source] !== -1) continue;
      engine.take(message);
      engine.dispose(message, { kind: 'freed' });
    }
  }
  if (engine.troubled) {
    for (const { rank, gone } of engine.peers) {
      if (gone?.kind === 'lost' && context.includes(rank)) refuseReceives(engine, collectiveQueues, gone);
    }
  }
  return context;
}
