/** An ordered set of world ranks. Immutable; set operations return new groups (MPI-4.1 §7.3). */
export class Group {
  readonly ranks: readonly number[];
  constructor(ranks: readonly number[]) {
    this.ranks = ranks;
  }
}
