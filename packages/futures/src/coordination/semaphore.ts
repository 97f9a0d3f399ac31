import type { WaitSignal } from '../client/client.ts';
import { Named, type NamedOptions } from './named.ts';

/** A right to go on, given back by `release` or the end of an `await using` block. */
export class Lease implements AsyncDisposable {
  readonly #release: () => Promise<void>;
  #released: Promise<void> | undefined;

  constructor(release: () => Promise<void>) {
    this.#release = release;
  }

  /** Further calls do nothing. */
  release(): Promise<void> {
    this.#released ??= this.#release();
    return this.#released;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }
}

/**
 * At most `maxLeases` holders at a time, first come first served. A lease taken in a task ends with that task at the latest, one
 * taken by a client when the client closes or its process dies: a dead holder blocks nobody.
 */
export class Semaphore extends Named {
  readonly maxLeases: number;

  /** Every user of the name gives the same number, or gets PAR_EXISTS. */
  constructor(
    name: string,
    { maxLeases = 1, ...options }: NamedOptions & { readonly maxLeases?: number | undefined } = {},
  ) {
    super(name, options);
    this.maxLeases = maxLeases;
  }

  /** Waits for a lease. */
  async acquire({ signal }: WaitSignal = {}): Promise<Lease> {
    const { name, maxLeases, core } = this;
    const task = core.link.task?.task;
    const lease = await core.request(
      { method: 'semaphore-acquire', name, maxLeases, ...(task !== undefined && { task }) },
      signal,
    );
    return new Lease(async () => {
      await core.request({ method: 'semaphore-release', name, lease });
    });
  }

  /** Leases taken now. */
  async value(): Promise<number> {
    return this.core.request({ method: 'semaphore-value', name: this.name });
  }

  /** Those who wait get PAR_CLOSED. */
  async close(): Promise<void> {
    await this.core.request({ method: 'semaphore-close', name: this.name });
  }
}

/** A semaphore of one lease. */
export class Lock extends Semaphore {
  constructor(name: string, options: NamedOptions = {}) {
    super(name, { ...options, maxLeases: 1 });
  }

  async locked(): Promise<boolean> {
    return (await this.value()) > 0;
  }
}
