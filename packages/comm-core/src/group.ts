import { PROC_NULL, UNDEFINED } from './constants.ts';
import { ArgumentRangeError, ArgumentTypeError } from './errors.ts';

/** First rank, last rank and step, both ends included, as in MPI_Group_range_incl. The step may be negative, not 0. */
export type RankRange = readonly [first: number, last: number, step: number];

/** An ordered set of world ranks. Immutable; set operations return new groups (MPI-4.1 §7.3). */
export class Group {
  /** The group without members. */
  static readonly EMPTY: Group = new Group([], UNDEFINED);

  /** World rank of each member, in the group's order. */
  readonly ranks: readonly number[];
  readonly #self: number;
  #index: Map<number, number> | undefined;

  /**
   * `ranks`: world rank of each member; `self`: world rank of this process, which makes `rank` (default: not a member).
   * Throws PAR_RANK for ranks that are negative, no integers or named twice.
   */
  constructor(ranks: readonly number[], self: number = UNDEFINED) {
    const seen = new Set<number>();
    for (const rank of ranks) {
      if (!Number.isInteger(rank) || rank < 0) throw badRank('Group', `${rank} is no world rank`);
      if (seen.has(rank)) throw badRank('Group', `world rank ${rank} is named twice`);
      seen.add(rank);
    }
    this.ranks = Object.freeze([...ranks]);
    this.#self = self;
  }

  get size(): number {
    return this.ranks.length;
  }

  /** Rank of this process in the group, UNDEFINED if it is not a member. */
  get rank(): number {
    return this.#rankOf(this.#self);
  }

  /** This group's members, then those of `other` that are not among them. */
  union(other: Group): Group {
    const others = operand(other, 'union');
    return this.#of([...this.ranks, ...others.ranks.filter((rank) => !this.#has(rank))], others);
  }

  /** Members that are in both, in this group's order. */
  intersection(other: Group): Group {
    const others = operand(other, 'intersection');
    return this.#of(
      this.ranks.filter((rank) => others.#has(rank)),
      others,
    );
  }

  /** Members that are not in `other`, in this group's order. */
  difference(other: Group): Group {
    const others = operand(other, 'difference');
    return this.#of(
      this.ranks.filter((rank) => !others.#has(rank)),
      others,
    );
  }

  /** The members with these ranks of the group, in the order given. Throws PAR_RANK for ranks outside it or named twice. */
  include(ranks: readonly number[]): Group {
    return this.#of(this.#select(ranks, 'include').map((rank) => this.ranks[rank]!));
  }

  /** The members without these ranks of the group, in the group's order. Throws PAR_RANK for ranks outside it or named twice. */
  exclude(ranks: readonly number[]): Group {
    const excluded = new Set(this.#select(ranks, 'exclude'));
    return this.#of(this.ranks.filter((_, rank) => !excluded.has(rank)));
  }

  /** `include` of the ranks of all ranges, one range after the other. Throws PAR_RANK. */
  rangeInclude(ranges: readonly RankRange[]): Group {
    return this.include(this.#expand(ranges, 'rangeInclude'));
  }

  /** `exclude` of the ranks of all ranges. Throws PAR_RANK. */
  rangeExclude(ranges: readonly RankRange[]): Group {
    return this.exclude(this.#expand(ranges, 'rangeExclude'));
  }

  /** For each of these ranks of the group its rank in `to`: UNDEFINED if it has none there, PROC_NULL for PROC_NULL. */
  translateRanks(ranks: readonly number[], to: Group): number[] {
    const target = operand(to, 'translateRanks');
    return ranks.map((rank) => {
      if (rank === PROC_NULL) return PROC_NULL;
      this.#checkRank(rank, 'translateRanks');
      return target.#rankOf(this.ranks[rank]!);
    });
  }

  /** `ident`: same members in the same order, `similar`: same members, else `unequal`. */
  compare(other: Group): 'ident' | 'similar' | 'unequal' {
    const others = operand(other, 'compare');
    if (others.size !== this.size) return 'unequal';
    if (this.ranks.every((rank, i) => rank === others.ranks[i])) return 'ident';
    return this.ranks.every((rank) => others.#has(rank)) ? 'similar' : 'unequal';
  }

  /** `other` may know who this process is when this group (EMPTY) does not. */
  #of(ranks: readonly number[], other?: Group): Group {
    const self = this.#self === UNDEFINED && other ? other.#self : this.#self;
    return new Group(ranks, self);
  }

  #rankOf(worldRank: number): number {
    this.#index ??= new Map(this.ranks.map((rank, i) => [rank, i]));
    return this.#index.get(worldRank) ?? UNDEFINED;
  }

  #has(worldRank: number): boolean {
    return this.#rankOf(worldRank) !== UNDEFINED;
  }

  #select(ranks: readonly number[], what: string): readonly number[] {
    const seen = new Set<number>();
    for (const rank of ranks) {
      this.#checkRank(rank, what);
      if (seen.has(rank)) throw badRank(what, `rank ${rank} is named twice`);
      seen.add(rank);
    }
    return ranks;
  }

  #expand(ranges: readonly RankRange[], what: string): number[] {
    const ranks: number[] = [];
    for (const [first, last, step] of ranges) {
      if (!Number.isInteger(step) || step === 0) {
        throw new ArgumentRangeError(
          'PAR_ARGUMENT',
          `${what}: the step of [${first}, ${last}, ${step}] must be an integer but 0`,
        );
      }
      this.#checkRank(first, what);
      this.#checkRank(last, what);
      for (let rank = first; step > 0 ? rank <= last : rank >= last; rank += step) ranks.push(rank);
    }
    return ranks;
  }

  #checkRank(rank: number, what: string): void {
    if (Number.isInteger(rank) && rank >= 0 && rank < this.size) return;
    throw badRank(what, `rank ${rank} is not in the group, which has ${this.size} ranks`);
  }
}

function operand(other: Group, what: string): Group {
  if (other instanceof Group) return other;
  throw new ArgumentTypeError(
    'PAR_ARGUMENT',
    `${what}: expected a Group, got ${other === null ? 'null' : typeof other}`,
  );
}

function badRank(what: string, why: string): ArgumentRangeError {
  return new ArgumentRangeError('PAR_RANK', `${what}: ${why}`);
}
