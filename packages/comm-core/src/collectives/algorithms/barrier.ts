import { type Call, windowed } from '../call.ts';

const NOTHING = { bytes: new Uint8Array(0), type: 'bytes' } as const;

/** Sends a message without contents. */
export function signalTo(call: Call, dest: number): Promise<void> {
  return call.space.sendBuffer(NOTHING, dest, call.tag, false, call.signal);
}

/** Receives a message without contents. */
export function signalFrom(call: Call, source: number): Promise<unknown> {
  return call.space.recvBuffer(NOTHING, source, call.tag, call.signal);
}

/** Everybody tells rank 0, which then releases everybody. Two hops, 2(p − 1) messages. */
export async function barrierLinear(call: Call): Promise<void> {
  if (call.rank !== 0) {
    await Promise.all([signalTo(call, 0), signalFrom(call, 0)]);
    return;
  }
  await windowed(call.size - 1, (i) => signalFrom(call, i + 1));
  await windowed(call.size - 1, (i) => signalTo(call, i + 1));
}

/** ⌈log2 p⌉ rounds of telling the rank 2^k ahead (Hensgen, Finkel & Manber 1988). */
export async function barrierDissemination(call: Call): Promise<void> {
  const { rank, size } = call;
  for (let distance = 1; distance < size; distance *= 2) {
    await Promise.all([signalFrom(call, (rank - distance + size) % size), signalTo(call, (rank + distance) % size)]);
  }
}
