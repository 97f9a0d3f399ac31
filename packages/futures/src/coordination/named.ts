import type { Client } from '../client/client.ts';
import type { ClientCore } from '../client/core.ts';
import { currentClient } from '../client/current-client.ts';
import { coreOf } from '../client/scope.ts';

export interface NamedOptions {
  /** Default: a client that all such things of this process, or task thread, share. */
  readonly client?: Client | undefined;
}

/** Something that lives in the scheduler under a name, the same for all clients and tasks. */
export abstract class Named {
  readonly name: string;
  protected readonly core: ClientCore;

  constructor(name: string, { client }: NamedOptions = {}) {
    this.name = name;
    this.core = coreOf(client ?? currentClient());
  }
}
