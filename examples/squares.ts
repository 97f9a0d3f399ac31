// The squares of 0 … 999, each computed by whichever worker is free.
//
//   node squares.ts                  workers on this machine, started and ended with the script
//   par run -np 4 squares.ts         ranks: a scheduler, this script, two workers
//   mpirun -np 4 node squares.ts     the same over MPI
//   srun -n 4 node squares.ts        the same on a cluster
import { Client, initialize } from '@par/futures';

await initialize(); // scheduler and workers do not come back from here

const client = new Client();
const square = (i: number): number => i * i;

const numbers = Array.from({ length: 1000 }, (_, i) => i);
const futures = client.map(square, numbers);
const results = await client.gather(futures);

if (results.some((result, i) => result !== i * i)) throw new Error('a square is wrong');
console.log(`${results.slice(0, 12).join(' ')} … ${results.at(-1)}`);
console.log(`sum of the squares of 0 … 999: ${results.reduce((sum, value) => sum + value, 0)}`);
