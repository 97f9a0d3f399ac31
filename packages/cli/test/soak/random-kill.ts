// node packages/cli/test/soak/random-kill.ts [iterations]: what random-kill.test.ts does, longer.
import { killOne } from '../random-kill.ts';

const iterations = Number(process.argv[2] ?? 100);
for (let i = 1; i <= iterations; i++) console.log(`${i}: nothing left of ${await killOne(Math.random, 4, 1000)}`);
console.log(`${iterations} kills, no process and no file left`);
