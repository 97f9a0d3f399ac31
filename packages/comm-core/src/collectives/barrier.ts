import type { Waitable } from '../comm/communicator.ts';
import type { CollectiveHost } from '../comm/host.ts';
import { agree, CHECKING } from './agreement.ts';
import { barrierDissemination, barrierLinear } from './algorithms/barrier.ts';
import { begin } from './call.ts';
import { chooseBarrier } from './chooser.ts';
import { barrierBetween } from './inter/barrier.ts';
import { native } from './native.ts';

/** See `Collectives.barrier`. */
export async function barrier(host: CollectiveHost, options?: Waitable): Promise<void> {
  const call = begin(host, 'barrier', options);
  if (CHECKING) await agree(call, {});
  const library = host.context.native;
  if (library !== undefined) return native(call, library.barrier(call.signal));
  if (call.remoteSize !== undefined) return barrierBetween(host, call);
  if (call.size === 1) return;
  return chooseBarrier() === 'linear' ? barrierLinear(call) : barrierDissemination(call);
}
