import type { JoinWorker, Rank } from '../protocol/index.ts';
import { isAllowed, type PlacementClass, type WorkerKind } from './placement-class.ts';

/** Workers that may be started later: more of those that there are, or any. */
export type MoreWorkers = 'none' | 'alike' | 'any';

/** Which workers a cluster can have. */
export interface Membership {
  /** Ranks of the workers it starts with. Until they have joined nothing is known of what there will be. */
  readonly initial: readonly Rank[];
  /** Workers of the same kind take the place of lost ones. */
  readonly replaced: boolean;
  readonly more: MoreWorkers;
}

/** `short`: not with those that there are, but others may come. */
export type Verdict = 'possible' | 'short' | 'impossible';

/** The workers that are there or will be back. */
export class Members {
  readonly #plan: Membership | undefined;
  /** Of the initial workers, those that have not joined. */
  readonly #starting: Set<Rank>;
  /** Those of them that were lost, for which others will join. */
  #startingAgain = 0;
  readonly #kinds = new Map<Rank, WorkerKind>();
  /** Kinds of lost workers that are replaced. */
  readonly #vacant: WorkerKind[] = [];
  /** Kinds there have ever been. */
  readonly #seen = new Map<string, WorkerKind>();

  /** Without a plan any worker may come at any time. */
  constructor(plan: Membership | undefined) {
    this.#plan = plan;
    this.#starting = new Set(plan?.initial);
  }

  joined(rank: Rank, { name = '', resources = {}, alone = false }: JoinWorker): void {
    const kind = { rank: -1, name, resources, alone };
    const id = idOf(kind);
    this.#seen.set(id, kind);
    if (!this.#starting.delete(rank) && !this.#kinds.has(rank)) {
      const place = this.#vacant.findIndex((vacant) => idOf(vacant) === id);
      if (place >= 0) this.#vacant.splice(place, 1);
      else if (this.#startingAgain > 0) this.#startingAgain--;
    }
    this.#kinds.set(rank, { ...kind, rank, name: name || String(rank) });
  }

  left(rank: Rank): void {
    this.#starting.delete(rank);
    this.#kinds.delete(rank);
  }

  lost(rank: Rank): void {
    const kind = this.#kinds.get(rank);
    const wasStarting = this.#starting.has(rank);
    this.left(rank);
    if (!this.#plan?.replaced) return;
    if (wasStarting) this.#startingAgain++;
    if (kind !== undefined) this.#vacant.push({ ...kind, rank: -1, name: kind.name === String(rank) ? '' : kind.name });
  }

  /** Workers there can be at a time. */
  get most(): number {
    if (this.#plan === undefined || this.#plan.more !== 'none') return Number.POSITIVE_INFINITY;
    return this.#starting.size + this.#startingAgain + this.#kinds.size + this.#vacant.length;
  }

  get #areKnown(): boolean {
    return this.#plan !== undefined && this.#starting.size + this.#startingAgain === 0;
  }

  /** Whether tasks of the class can ever run. */
  verdict(placement: PlacementClass): Verdict {
    if (!this.#areKnown) return 'possible';
    const able = this.#all().filter((kind) => isAllowed(placement, kind)).length;
    if (able >= placement.ranks) return 'possible';
    const { more } = this.#plan!;
    const isSeen = [...this.#seen.values()].some((kind) => isAllowed(placement, kind));
    return more === 'any' || (more === 'alike' && isSeen) ? 'short' : 'impossible';
  }

  /** Whether one of the workers with these ranks or names is there or may come. */
  isAnyOf(names: ReadonlySet<Rank | string>): boolean {
    if (!this.#areKnown || this.#plan!.more === 'any') return true;
    return this.#all().some(({ rank, name }) => names.has(rank) || names.has(name));
  }

  /** For people. */
  toString(): string {
    const all = [...this.#kinds.values()].sort((a, b) => a.rank - b.rank);
    const shown = all.slice(0, MOST_SHOWN).map(({ rank, name, resources }) => {
      const has = Object.entries(resources).map(([resource, amount]) => `${amount} ${resource}`);
      const who = name === String(rank) ? name : `${name} (rank ${rank})`;
      return has.length === 0 ? who : `${who} with ${has.join(', ')}`;
    });
    if (all.length > shown.length) shown.push('…');
    return all.length === 0 ? 'there are no workers' : `the ${all.length} workers are ${shown.join('; ')}`;
  }

  #all(): readonly WorkerKind[] {
    return [...this.#kinds.values(), ...this.#vacant];
  }
}

const MOST_SHOWN = 8;

function idOf({ name, resources, alone }: WorkerKind): string {
  return JSON.stringify([name, Object.entries(resources).sort(([a], [b]) => (a < b ? -1 : 1)), alone]);
}
