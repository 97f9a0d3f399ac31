import type { WaitSignal } from '../client/client.ts';
import { Named } from './named.ts';

/** A value under a name that clients and tasks set and get. A future in it is kept alive by it; see Queue about lone futures. */
export class Variable<T> extends Named {
  async set(value: T): Promise<void> {
    const { name, core } = this;
    await core.request({ method: 'variable-set', name, value: core.held(value, 'variable.set') });
  }

  /** Waits until it is set. */
  async get({ signal }: WaitSignal = {}): Promise<T> {
    return this.core.received(await this.core.request({ method: 'variable-get', name: this.name }, signal)) as T;
  }

  async delete(): Promise<void> {
    await this.core.request({ method: 'variable-delete', name: this.name });
  }
}
