import { type ClientId, clientId, type Rank } from '../protocol/index.ts';
import { PagedTable } from './paged-table.ts';
import type { Task } from './task.ts';

/** A client endpoint and what it wants. */
export class ClientState {
  readonly id: ClientId;
  readonly rank: Rank;
  readonly local: number;
  readonly name: string;
  readonly futures = new PagedTable<Task>();
  /** Names of topics it listens to. */
  readonly topics = new Set<string>();
  /** The last own generation it sent and the scheduler's number for it. */
  ownGeneration = -1;
  generation = 0;
  /** The next number for a future inside an answer. */
  nextReceived = -1;
  open = true;

  constructor(rank: Rank, local: number, name: string) {
    this.id = clientId(rank, local);
    this.rank = rank;
    this.local = local;
    this.name = name;
  }
}
