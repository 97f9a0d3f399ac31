import { CheckFailed } from './checks.ts';

/** Settles as `work` does, or rejects once the signal fires. */
export function within<T>(signal: AbortSignal, what: string, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new CheckFailed(`${what}: not finished when its time was up`));
    if (signal.aborted) late();
    signal.addEventListener('abort', late, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', late));
  });
}

/** Fires after `ms`, or with `stop`. Unlike `AbortSignal.timeout` it keeps the process alive until `clear`. */
export function deadline(ms: number, stop?: AbortSignal): { signal: AbortSignal; clear(): void } {
  const controller = new AbortController();
  const fire = () => controller.abort(new DOMException('the time of the case is up', 'TimeoutError'));
  const timer = setTimeout(fire, ms);
  if (stop?.aborted) fire();
  stop?.addEventListener('abort', fire);
  return {
    signal: controller.signal,
    clear() {
      clearTimeout(timer);
      stop?.removeEventListener('abort', fire);
    },
  };
}
