// A queue of work that grows while it is worked on: adaptive quadrature. Each task integrates over one interval and says how
// sure it is; where it is not, the two halves join the queue. Results are taken in the order in which they are done.
//
//   node work-queue.ts        par run -np 4 work-queue.ts
import { Client, initialize } from '@par/futures';

await initialize();
const client = new Client();

/** The integral of √x over [from, to] by Simpson's rule, with a bound of its error from halving the interval once. */
function integrate(from: number, to: number): { from: number; to: number; integral: number; error: number } {
  const f = Math.sqrt;
  const simpson = (a: number, b: number): number => ((b - a) / 6) * (f(a) + 4 * f((a + b) / 2) + f(b));
  const middle = (from + to) / 2;
  const integral = simpson(from, middle) + simpson(middle, to);
  return { from, to, integral, error: Math.abs(integral - simpson(from, to)) };
}

const tolerance = 1e-9;
let integral = 0;
let tasks = 0;
let narrowest = 1;
const queue = client.asCompleted([client.submit(integrate, 0, 1)]);
for await (const future of queue) {
  const part = await future;
  tasks++;
  if (part.error <= tolerance) {
    integral += part.integral;
    narrowest = Math.min(narrowest, part.to - part.from);
    continue;
  }
  const middle = (part.from + part.to) / 2;
  queue.add(client.submit(integrate, part.from, middle));
  queue.add(client.submit(integrate, middle, part.to));
}

if (Math.abs(integral - 2 / 3) > tasks * tolerance) throw new Error(`the integral is not ${integral}`);
console.log(
  `∫√x over [0, 1] = ${integral.toFixed(7)} from ${tasks} tasks; the narrowest interval is 2^${Math.log2(narrowest)}`,
);
