// Tasks of 200 ms on workers of several hosts, of which one vanishes in the middle.
import { Client, initialize } from '@par/futures';

await initialize();
const client = new Client();
const slowSquare = async (i: number): Promise<number> => {
  await new Promise((resolve) => setTimeout(resolve, 200));
  return i * i;
};
const numbers = Array.from({ length: 60 }, (_, i) => i);
const futures = client.map(slowSquare, numbers);
await client.gather(futures.slice(0, 8));
console.log('some done');
const results = await client.gather(futures);
if (results.some((result, i) => result !== i * i)) throw new Error('a square is wrong');
console.log(`all ${results.length} squares are right`);
