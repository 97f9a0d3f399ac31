// A parameter server: an actor keeps the weights of a model, and tasks on all workers train on data of their own. Each asks
// for the weights, computes a gradient, sends it, and does not wait for the others: asynchronous stochastic descent.
//
//   node parameter-server.ts [steps]        par run -np 4 parameter-server.ts [steps]
import { type Actor, Client, initialize } from '@par/futures';

const steps = Number(process.argv[2] ?? 60);
const truth = [3, -2, 0.5, 1]; // the weights that made the data

await initialize();
const client = new Client();

class Parameters {
  readonly weights: Float64Array;
  readonly rate: number;
  updates = 0;
  /** Most updates that others sent between a task's question and its answer. */
  staleness = 0;

  constructor(size: number, rate: number) {
    this.weights = new Float64Array(size);
    this.rate = rate;
  }

  pull(): { weights: Float64Array; version: number } {
    return { weights: this.weights, version: this.updates };
  }

  push(gradient: Float64Array, version: number): void {
    this.staleness = Math.max(this.staleness, this.updates - version);
    for (const [i, slope] of gradient.entries()) this.weights[i]! -= this.rate * slope;
    this.updates++;
  }
}

/** Linear regression on 200 points that only this task has. Gives its last mean squared error. */
async function train(
  parameters: Actor<Parameters>,
  shard: number,
  truth: readonly number[],
  steps: number,
): Promise<number> {
  let state = shard + 1;
  const random = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  };
  const points = Array.from({ length: 200 }, () => {
    const x = truth.map(random);
    return { x, y: x.reduce((sum, value, i) => sum + value * truth[i]!, 0) + 0.01 * random() };
  });
  let error = 0;
  for (let step = 0; step < steps; step++) {
    const { weights, version } = await parameters.pull();
    const gradient = new Float64Array(weights.length);
    error = 0;
    for (const { x, y } of points) {
      const off = x.reduce((sum, value, i) => sum + value * weights[i]!, 0) - y;
      error += off ** 2 / points.length;
      for (const [i, value] of x.entries()) gradient[i]! += (2 * off * value) / points.length;
    }
    await parameters.push(gradient, version);
  }
  return error;
}

const server = client.actor(Parameters, truth.length, 0.2);
const parameters = await server;
const shards = [0, 1, 2, 3];
const errors = await client.gather(shards.map((shard) => client.submit(train, server, shard, truth, steps)));

const weights = await parameters.get('weights');
const [updates, staleness] = [await parameters.get('updates'), await parameters.get('staleness')];
if (updates !== shards.length * steps) throw new Error(`${updates} updates arrived`);
if (truth.some((weight, i) => Math.abs(weight - weights[i]!) > 0.05)) throw new Error(`learned ${weights}`);
console.log(`learned ${[...weights].map((weight) => weight.toFixed(2)).join(', ')} from ${shards.length} shards`);
console.log(
  `${updates} updates, up to ${staleness} of others in between; errors ${errors.map((e) => e.toExponential(0)).join(', ')}`,
);
