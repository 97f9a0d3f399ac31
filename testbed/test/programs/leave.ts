// Rank 0, where the ranks met, leaves at once; the others go on talking in pairs that have not talked before.
import { init } from '@par/comm-core';

const world = await init();
if (world.rank === 0) process.exit(0);
const { rank, size } = world;
const opposite = size - rank;
await Promise.all([
  world.send(rank, { dest: opposite }),
  world.recv({ source: opposite }).then((from) => console.log(`${rank} heard ${from}`)),
]);
