// A message of more bytes than an int can count, to a buffer of its size, to one that is too short, and in a collective.
import { init } from '@par/comm-core';

const BYTES = 2 ** 31 + 9;
const world = await init();
const { rank } = world;
const places = [0, 2 ** 30, 2 ** 31 - 1, 2 ** 31, BYTES - 1];
const memory = new Uint8Array(BYTES);
const fill = (seed: number): void => {
  for (const [i, place] of places.entries()) memory[place] = rank === 0 ? seed + i : 0;
};
const wrong = (seed: number): number => places.filter((place, i) => memory[place] !== seed + i).length;
const found: Record<string, unknown> = {};

fill(1);
if (rank === 0) {
  await world.sendBuffer(memory, { dest: 1 });
} else {
  const { bytes, count } = await world.recvInto(memory, { source: 0 });
  Object.assign(found, { bytes, count, received: wrong(1) });
}
fill(11);
await world.bcastInto(memory, { root: 0 });
found.broadcast = wrong(11);
// Too long for its buffer.
if (rank === 0) await world.sendBuffer(memory, { dest: 1 });
else
  await world
    .recvInto(new Uint8Array(5000), { source: 0 })
    .catch((error: { code: string }) => (found.short = error.code));
console.log(JSON.stringify(found));
