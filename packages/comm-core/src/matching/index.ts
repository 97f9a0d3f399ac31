import type { FrameTransport, Transport, Universe } from '../transport/index.ts';
import { Arrivals } from './arrivals.ts';
import { createContext, type MatchingContext, UNIVERSE, WORLD } from './context.ts';
import { describePending } from './describe.ts';
import { Engine } from './engine.ts';
import { Losses, refuseReceives } from './loss.ts';

/** Turns a transport that only carries frames into one that matches messages. Starts `frames`. */
export function matching(frames: FrameTransport): Transport {
  const engine = new Engine(frames);
  const losses = new Losses(engine);
  const world = createContext(engine, WORLD, upTo(frames.worldSize ?? frames.size), undefined);
  const universe = universeOf(engine);
  let closed: Promise<void> | undefined;

  /** Nothing more can be started. False when that was so already. */
  function end(): boolean {
    if (engine.ended !== undefined) return false;
    engine.ended = { kind: 'closed' };
    for (const queues of [...engine.queues.values()]) refuseReceives(engine, queues, engine.ended);
    return true;
  }

  async function close(): Promise<void> {
    // Sends that nobody asked for yet are still flushed; peers that finish without asking turn them down.
    if (end()) await engine.flushed();
    await frames.close();
  }

  frames.start(new Arrivals(engine, losses));
  return {
    name: frames.name,
    capabilities: frames.capabilities,
    hosts: frames.hosts,
    hostIds: frames.hostIds,
    world,
    universe,
    pending: () => describePending(engine),
    onFailure: (listener) => losses.listen(listener),
    abort(status, reason, lost) {
      frames.abort(status, reason, lost);
      losses.abort(status, reason, engine.rank, lost);
    },
    expendable: (replacement) => frames.expendable?.(replacement),
    close: () => {
      closed ??= close();
      return closed;
    },
    leave() {
      end();
      frames.leave();
    },
  };
}

/** Made when somebody asks for it: programs whose world is all they use pay nothing. */
function universeOf(engine: Engine): Universe | undefined {
  const { frames } = engine;
  if (frames.worldSize === undefined || frames.worldSize === frames.size) return undefined;
  let context: MatchingContext | undefined;
  return {
    get context() {
      context ??= createContext(engine, UNIVERSE, upTo(frames.size), undefined);
      return context;
    },
    onArrival: (listener) => frames.onArrival?.(listener),
    evict: (rank, reason) => frames.evict?.(rank, reason),
  };
}

function upTo(size: number): number[] {
  return Array.from({ length: size }, (_, rank) => rank);
}
