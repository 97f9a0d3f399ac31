// Rank 0 has the data; afterwards everybody has: once as a value, once into memory each rank already owns.
//   par run -np 4 broadcast.ts
import { init } from '@par/comm-core';

const world = await init();

const settings = await world.bcast(world.rank === 0 ? { model: 'wave', steps: 100, grid: [64, 32] } : undefined);
if (settings?.grid[1] !== 32) throw new Error(`rank ${world.rank} got ${JSON.stringify(settings)}`);

const field = new Float64Array(5);
if (world.rank === 0) field.set([0.5, 1.5, 2.5, 3.5, 4.5]);
await world.bcastInto(field);
if (field[4] !== 4.5) throw new Error(`rank ${world.rank} got ${field}`);

const reports = await world.gather(`rank ${world.rank} has ${settings.model} and [${field.join(', ')}]`);
if (reports) console.log(reports.join('\n'));
