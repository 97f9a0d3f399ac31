import type { ClientCore } from './core.ts';
import { type Future, stateIn } from './future.ts';
import { settled } from './result.ts';

/** Tasks of one stream that may be waiting, running or finished and not yet taken. */
export const AHEAD = 256;

/**
 * Results of `submit` over a source, in its order. Tasks are submitted ahead of the taker, but never more than `ahead` of them:
 * the memory a stream takes is bounded however long it is. A task's error ends it; tasks not taken yet are released.
 */
export async function* mapStream<R>(
  core: ClientCore,
  submit: (args: unknown[]) => Future<R>,
  source: AsyncIterable<unknown>,
  ahead: number,
): AsyncGenerator<R, void, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  const window: Future<R>[] = [];
  let reading: Promise<IteratorResult<unknown>> | undefined;
  let ended = false;
  try {
    for (;;) {
      while (!ended && window.length < ahead) {
        reading ??= iterator.next();
        // A slow source does not hold back what is done already.
        const next = window.length === 0 ? await reading : await Promise.race([reading, firstDone(core, window[0]!)]);
        if (next === undefined) break;
        reading = undefined;
        if (next.done) ended = true;
        else window.push(submit([next.value]));
      }
      const first = window.shift();
      if (first === undefined) return;
      let result: R;
      try {
        result = await first;
      } finally {
        first.release();
      }
      yield result;
    }
  } finally {
    for (const future of window) future.release();
    if (!ended) await iterator.return?.();
  }
}

function firstDone(core: ClientCore, future: Future<unknown>): Promise<undefined> {
  return settled(core, [stateIn(core, future, 'map')], { what: 'map' }).then(() => undefined);
}
