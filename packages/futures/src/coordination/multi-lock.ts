import type { WaitSignal } from '../client/client.ts';
import type { ClientCore } from '../client/core.ts';
import type { NamedOptions } from './named.ts';
import { coreOfNamed } from './named.ts';
import { Lease } from './semaphore.ts';

/** Locks that were taken together. */
export class MultiLease extends Lease {
  /** Those of the names that were taken. */
  readonly names: readonly string[];

  constructor(names: readonly string[], release: () => Promise<void>) {
    super(release);
    this.names = names;
  }
}

/**
 * Takes several locks at once, or any few of several, without the deadlocks of taking them one after the other. First come first
 * served at each name. These names are of their own: a Lock of the same name is another one.
 */
export class MultiLock {
  readonly names: readonly string[];
  readonly #core: ClientCore;

  constructor(names: readonly string[], options: NamedOptions = {}) {
    this.names = names;
    this.#core = coreOfNamed(options);
  }

  /** Waits until `count` of the locks (default all) are free together. Rejects with PAR_ARGUMENT for more than there are. */
  async acquire({ count, signal }: WaitSignal & { readonly count?: number | undefined } = {}): Promise<MultiLease> {
    const task = this.#core.link.task?.task;
    const { lease, names } = await this.#core.request(
      {
        method: 'multi-lock-acquire',
        names: this.names,
        ...(count !== undefined && { count }),
        ...(task !== undefined && { task }),
      },
      signal,
    );
    return new MultiLease(names, async () => {
      await this.#core.request({ method: 'multi-lock-release', lease });
    });
  }
}
