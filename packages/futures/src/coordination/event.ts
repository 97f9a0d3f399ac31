import type { WaitSignal } from '../client/client.ts';
import { Named } from './named.ts';

/** A flag that clients and tasks wait for. */
export class Event extends Named {
  /** Until it is set. */
  async wait({ signal }: WaitSignal = {}): Promise<void> {
    await this.core.request({ method: 'event-wait', name: this.name }, signal);
  }

  async set(): Promise<void> {
    await this.core.request({ method: 'event-set', name: this.name });
  }

  async clear(): Promise<void> {
    await this.core.request({ method: 'event-clear', name: this.name });
  }

  async isSet(): Promise<boolean> {
    return this.core.request({ method: 'event-is-set', name: this.name });
  }
}
