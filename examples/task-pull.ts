// Master and workers: whoever is ready gets the next task, so fast ranks do more of them.
//   par run -np 4 task-pull.ts [tasks]
import { ANY_SOURCE, ANY_TAG, init } from '@par/comm-core';

const READY = 1;
const START = 2;
const DONE = 3;
const EXIT = 4;

const tasks = Number(process.argv[2] ?? 40);
/** How many steps the Collatz sequence of n takes to reach 1: work of very uneven length. */
function work(n: number): number {
  let steps = 0;
  for (let x = n; x !== 1; steps++) x = x % 2 === 0 ? x / 2 : 3 * x + 1;
  return steps;
}

const world = await init();
if (world.size === 1) {
  const results = Array.from({ length: tasks }, (_, i) => work(i + 1));
  console.log(`1 rank did ${results.length} tasks; the longest sequence has ${Math.max(...results)} steps`);
} else if (world.rank === 0) {
  const results = new Map<number, number>();
  const done = new Array<number>(world.size).fill(0);
  let next = 1;
  for (let working = world.size - 1; working > 0; ) {
    const { value, source, tag } = await world.recvMessage<{ n: number; steps: number } | null>({
      source: ANY_SOURCE,
      tag: ANY_TAG,
    });
    if (tag === DONE && value) {
      results.set(value.n, value.steps);
      done[source]!++;
    }
    if (next <= tasks) {
      await world.send(next++, { dest: source, tag: START });
    } else {
      await world.send(null, { dest: source, tag: EXIT });
      working--;
    }
  }
  for (let n = 1; n <= tasks; n++) {
    if (results.get(n) !== work(n)) throw new Error(`task ${n} came back as ${results.get(n)}`);
  }
  const shares = done.slice(1).map((count, i) => `rank ${i + 1}: ${count}`);
  console.log(
    `${tasks} tasks done (${shares.join(', ')}); the longest sequence has ${Math.max(...results.values())} steps`,
  );
} else {
  await world.send(null, { dest: 0, tag: READY });
  for (;;) {
    const { value: n, tag } = await world.recvMessage<number>({ source: 0 });
    if (tag === EXIT) break;
    await world.send({ n, steps: work(n) }, { dest: 0, tag: DONE });
  }
}
