// What happens to memory lent to MPI when the program tries to give it away meanwhile. Two ranks; prints what it found.
import { init, SUM } from '@par/comm-core';

const world = await init();
const { rank } = world;
const peer = 1 - rank;
const LENGTH = 1_000_000;
// V8 in Node 22 ends the process where it should throw (README).
const transfers = Number.parseInt(process.versions.node, 10) >= 24;

/** How many of the ways to detach it were refused with a TypeError. */
function refusals(array: Float64Array<ArrayBuffer>): number {
  const { buffer } = array;
  const channel = new MessageChannel();
  const ways = [
    () => structuredClone(buffer, { transfer: [buffer] }),
    () => channel.port1.postMessage(buffer, [buffer]),
    ...(transfers ? [() => buffer.transfer(), () => buffer.transfer(8), () => buffer.transferToFixedLength()] : []),
  ];
  let refused = transfers ? 0 : 3;
  for (const way of ways) {
    try {
      way();
    } catch (error) {
      if (error instanceof TypeError) refused += 1;
    }
  }
  channel.port1.close();
  return refused;
}

const found: Record<string, unknown> = {};
const into = new Float64Array(LENGTH);
const second = into.subarray(0, 10);
const [first, other] = [
  world.recvInto(into, { source: peer, tag: 1 }),
  world.recvInto(second, { source: peer, tag: 2 }),
];
found.receive = refusals(into);
await world.barrier();
await world.sendBuffer(new Float64Array(10).fill(2), { dest: peer, tag: 2 });
await other;
// The other receive into the same memory is still pending.
found.shared = refusals(into);
await world.barrier();
await world.sendBuffer(new Float64Array(LENGTH).fill(1), { dest: peer, tag: 1 });
await first;
found.arrived = into.every((value) => value === 1);

// Nobody receives these yet.
const from = new Float64Array(LENGTH).fill(1);
const value = new Float64Array(LENGTH).fill(3);
const sending = world.sendBuffer(from, { dest: peer, tag: 3, mode: 'synchronous' });
const sent = world.send({ value }, { dest: peer, tag: 3, mode: 'synchronous' });
found.send = refusals(from) + refusals(value);
await world.barrier();
await world.recvInto(into, { source: peer, tag: 3 });
const message = await world.recv<{ value: Float64Array }>({ source: peer, tag: 3 });
found.received = into.every((v) => v === 1) && message.value.every((v) => v === 3);
await Promise.all([sending, sent]);

// The last rank joins once the first has looked.
const all = new Float64Array(LENGTH);
if (rank === 1) await world.recv({ source: 0, tag: 4 });
const reducing = world.allreduceInto(from, all, SUM);
if (rank === 0) {
  found.collective = refusals(all) + refusals(from);
  await world.send('go on', { dest: 1, tag: 4 });
}
await reducing;
found.reduced = all.every((v) => v === 2);

const signal = AbortSignal.timeout(1);
await world.recvInto(into, { source: peer, tag: 9, signal }).catch((error: { code: string }) => {
  found.cancelled = error.code;
});
// Everything is over: the memory is the program's again.
found.free = [into, from, value, all].map(
  (array) => structuredClone(array, { transfer: [array.buffer] }).length === LENGTH,
);
console.log(JSON.stringify(found));
