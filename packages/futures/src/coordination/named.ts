import type { Client } from '../client/client.ts';
import type { ClientCore } from '../client/core.ts';
import { currentCore } from '../client/current-core.ts';
import { coreOf } from '../client/scope.ts';

export interface NamedOptions {
  /** Default: the current one, see `Client.current`. */
  readonly client?: Client | undefined;
}

export function coreOfNamed({ client }: NamedOptions): ClientCore {
  return client === undefined ? currentCore() : coreOf(client);
}

/** Something that lives in the scheduler under a name, the same for all clients and tasks. */
export abstract class Named {
  readonly name: string;
  protected readonly core: ClientCore;

  constructor(name: string, options: NamedOptions = {}) {
    this.name = name;
    this.core = coreOfNamed(options);
  }
}
