import { cancelled, ParError } from '@par/comm-core';
import type { Exchange } from './messages.ts';

/** Answers a question that came over the control channel; what it returns or rejects with travels back as JSON. */
export type RequestHandler = (data: unknown) => unknown;

interface Asked {
  readonly resolve: (data: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Both directions of named questions and answers over one control channel. */
export class Exchanges {
  readonly #send: (message: Exchange) => void;
  readonly #handlerOf: (name: string) => RequestHandler | undefined;
  readonly #asked = new Map<number, Asked>();
  #nextId = 0;

  constructor(send: (message: Exchange) => void, handlerOf: (name: string) => RequestHandler | undefined) {
    this.#send = send;
    this.#handlerOf = handlerOf;
  }

  request(name: string, data: unknown, signal?: AbortSignal): Promise<unknown> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const forget = (): void => {
        this.#asked.delete(id);
        signal?.removeEventListener('abort', onAbort);
      };
      const onAbort = (): void => {
        forget();
        reject(cancelled(signal!, `request '${name}'`));
      };
      if (signal?.aborted) {
        reject(cancelled(signal, `request '${name}'`));
        return;
      }
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#asked.set(id, {
        resolve: (value) => {
          forget();
          resolve(value);
        },
        reject: (error) => {
          forget();
          reject(error);
        },
      });
      this.#send({ type: 'request', id, name, data });
    });
  }

  receive(message: Exchange): void {
    if (message.type === 'request') {
      void this.#answer(message.id, message.name, message.data);
      return;
    }
    const asked = this.#asked.get(message.id);
    if (message.error === undefined) asked?.resolve(message.data);
    else asked?.reject(new ParError('PAR_TRANSPORT', message.error));
  }

  /** The channel is gone: nothing asked will be answered. */
  close(error: Error): void {
    for (const asked of [...this.#asked.values()]) asked.reject(error);
  }

  async #answer(id: number, name: string, data: unknown): Promise<void> {
    try {
      const handler = this.#handlerOf(name);
      if (handler === undefined) throw new Error(`nothing answers '${name}' here`);
      this.#send({ type: 'response', id, data: await handler(data), error: undefined });
    } catch (error) {
      this.#send({
        type: 'response',
        id,
        data: undefined,
        error: error instanceof Error ? error.message : String(error),
      });
    }
  }
}
