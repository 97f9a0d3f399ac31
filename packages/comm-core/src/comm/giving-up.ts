import { cancelled } from '../errors.ts';
import { checkSignal } from './arguments.ts';

/**
 * What `making` gives, unless the signal fires first. The making goes on then, so that this rank stays in step with the
 * others, who may get their communicators; the one that comes of it here is freed. `what`: "split on world, rank 2".
 */
export function orGiveUp<C extends AsyncDisposable | undefined>(
  making: Promise<C>,
  signal: AbortSignal | undefined,
  what: string,
): Promise<C> {
  if (signal === undefined) return making;
  return new Promise((resolve, reject) => {
    const giveUp = (): void => {
      reject(cancelled(signal, what));
      // Nobody is left to hear of a failure of what nobody waits for.
      making.then((made) => made?.[Symbol.asyncDispose]()).catch(() => {});
    };
    try {
      checkSignal(signal, what);
    } catch (error) {
      making.catch(() => {});
      reject(error);
      return;
    }
    if (signal.aborted) {
      giveUp();
      return;
    }
    signal.addEventListener('abort', giveUp, { once: true });
    making.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
  });
}
