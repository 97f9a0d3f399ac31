import type { Waitable } from '../comm/communicator.ts';
import type { CollectiveHost } from '../comm/host.ts';
import { agree, CHECKING } from './agreement.ts';
import { barrierDissemination, barrierLinear } from './algorithms/barrier.ts';
import { begin, type Call } from './call.ts';
import { chooseBarrier } from './chooser.ts';
import { barrierBetween } from './inter/barrier.ts';
import { native } from './native.ts';

/** See `Collectives.barrier`. */
export function barrier(host: CollectiveHost, options?: Waitable): Promise<void> {
  try {
    const call = begin(host, 'barrier', options);
    return CHECKING ? agree(call, {}).then(() => barrierOf(host, call)) : barrierOf(host, call);
  } catch (error) {
    return Promise.reject(error);
  }
}

function barrierOf(host: CollectiveHost, call: Call): Promise<void> {
  const library = host.context.native;
  if (library !== undefined) return native(call, library.barrier(call.signal));
  if (call.remoteSize !== undefined) return barrierBetween(host, call);
  if (call.size === 1) return Promise.resolve();
  return chooseBarrier() === 'linear' ? barrierLinear(call) : barrierDissemination(call);
}
