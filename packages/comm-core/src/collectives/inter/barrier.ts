import type { CollectiveHost } from '../../comm/host.ts';
import { barrierDissemination, signalFrom, signalTo } from '../algorithms/barrier.ts';
import { type Call, localCall } from '../call.ts';

/** Each group meets, the first ranks of both tell each other, and each group meets again. */
export async function barrierBetween(host: CollectiveHost, call: Call): Promise<void> {
  const local = localCall(host, call);
  await barrierDissemination(local);
  if (call.rank === 0) await Promise.all([signalFrom(call, 0), signalTo(call, 0)]);
  await barrierDissemination(local);
}
