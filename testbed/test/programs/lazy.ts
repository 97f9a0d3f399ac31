// Two ranks that connect only when they first talk, which they do after a line of input, and talk again after another: their
// listeners are open all the time.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { init } from '@par/comm-core';
import { connectTransport, optionsFromEnvironment } from '@par/transport-tcp';

const { PAR_JOB: job, PAR_UNIVERSE: universe } = process.env;
const world = await init({
  transport: ({ rank, size }, env) =>
    connectTransport({ ...optionsFromEnvironment({ rank, size: size! }, env), connect: 'lazy' }),
});
const listening = readFileSync('/proc/self/net/tcp', 'latin1')
  .split('\n')
  .map((line) => line.trim().split(/\s+/))
  .filter((fields) => fields[3] === '0A')
  .map((fields) => Number.parseInt(fields[1]!.split(':')[1]!, 16))
  .filter((port) => port !== 22);
console.log(JSON.stringify({ rank: world.rank, job, universe, listening }));
const lines = createInterface(process.stdin)[Symbol.asyncIterator]();
for (const word of ['unharmed', 'still unharmed']) {
  if (world.rank === 0) {
    await lines.next();
    await world.send(word, { dest: 1 });
    console.log(await world.recv({ source: 1 }));
  } else {
    await world.send(await world.recv({ source: 0 }), { dest: 0 });
  }
}
