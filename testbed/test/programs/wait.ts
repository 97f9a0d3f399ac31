// Every rank waits for a message that nobody sends. The first says when all are connected.
import { init } from '@par/comm-core';

const world = await init();
await world.barrier();
if (world.rank === 0) console.log('connected');
await world.recv({ source: (world.rank + 1) % world.size, tag: 7 });
