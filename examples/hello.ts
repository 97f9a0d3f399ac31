// Every rank says who it is, in rank order.
//   par run -np 4 hello.ts
import { init } from '@par/comm-core';

const world = await init();
const greeting = `Hello from rank ${world.rank} of ${world.size} on ${world.processorName} (${world.transport})`;

const greetings = await world.gather(greeting);
if (greetings) {
  if (greetings.length !== world.size) throw new Error(`${greetings.length} greetings from ${world.size} ranks`);
  console.log(greetings.join('\n'));
}
