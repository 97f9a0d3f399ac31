import type { FrameTransport, Transport } from '../transport/index.ts';
import { Arrivals } from './arrivals.ts';
import { createContext } from './context.ts';
import { describePending } from './describe.ts';
import { Engine } from './engine.ts';
import { Losses, refuseReceives } from './loss.ts';

/** Turns a transport that only carries frames into one that matches messages. Starts `frames`. */
export function matching(frames: FrameTransport): Transport {
  const engine = new Engine(frames);
  const losses = new Losses(engine);
  const ranks = Array.from({ length: frames.size }, (_, rank) => rank);
  const world = createContext(engine, 0, ranks, undefined);
  let closed: Promise<void> | undefined;

  async function close(): Promise<void> {
    if (engine.ended === undefined) {
      // Sends that nobody asked for yet are still flushed; peers that finish without asking turn them down.
      engine.ended = { kind: 'closed' };
      for (const queues of [...engine.queues.values()]) refuseReceives(engine, queues, engine.ended);
      await engine.flushed();
    }
    await frames.close();
  }

  frames.start(new Arrivals(engine, losses));
  return {
    name: frames.name,
    capabilities: frames.capabilities,
    hosts: frames.hosts,
    world,
    pending: () => describePending(engine),
    onFailure: (listener) => losses.listen(listener),
    abort(status, reason) {
      frames.abort(status, reason);
      losses.abort(status, reason, engine.rank);
    },
    expendable: () => frames.expendable?.(),
    close: () => {
      closed ??= close();
      return closed;
    },
    leave: () => frames.leave(),
  };
}
