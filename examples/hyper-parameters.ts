// Hyper-parameter search: which learning rate, batch size and weight decay let a classifier of handwritten digits learn most?
// Successive halving: all candidates train a little, the better half goes on where it stopped, and so on to the winner.
//
//   node hyper-parameters.ts [candidates]        par run -np 4 hyper-parameters.ts [candidates]
import { Client, initialize } from '@par/futures';
import { classes, type Digits, inputs, loadDigits } from './mnist.ts';

const count = Number(process.argv[2] ?? 16);

const TRAINING = 2000;
const TESTING = 500;

interface Candidate {
  readonly rate: number;
  readonly batch: number;
  readonly decay: number;
}
interface Trained {
  readonly weights: Float64Array;
  /** Share of the test digits that are recognised. */
  readonly accuracy: number;
}

/** One pass over the training digits, then a test on the others. Runs on a worker; the digits are there already. */
function train({ images, labels }: Digits, { rate, batch, decay }: Candidate, from?: Trained): Trained {
  const weights = from?.weights.slice() ?? new Float64Array(classes * inputs);
  const scores = new Float64Array(classes);
  const classify = (image: Float32Array): number => {
    for (let c = 0; c < classes; c++) {
      scores[c] = 0;
      for (let p = 0, w = c * inputs; p < inputs; p++) scores[c]! += weights[w + p]! * image[p]!;
    }
    const highest = Math.max(...scores);
    const best = scores.indexOf(highest);
    let total = 0;
    for (let c = 0; c < classes; c++) total += scores[c] = Math.exp(scores[c]! - highest);
    for (let c = 0; c < classes; c++) scores[c]! /= total;
    return best;
  };
  const imageOf = (i: number): Float32Array => images.subarray(i * inputs, (i + 1) * inputs);

  const gradient = new Float64Array(weights.length);
  for (let at = 0; at < TRAINING; at += batch) {
    gradient.fill(0);
    for (let i = at; i < at + batch; i++) {
      const image = imageOf(i);
      classify(image);
      scores[labels[i]!]! -= 1;
      for (let c = 0; c < classes; c++) {
        for (let p = 0, w = c * inputs; p < inputs; p++) gradient[w + p]! += scores[c]! * image[p]!;
      }
    }
    for (let w = 0; w < weights.length; w++) weights[w]! -= rate * (gradient[w]! / batch + decay * weights[w]!);
  }
  let right = 0;
  for (let i = TRAINING; i < TRAINING + TESTING; i++) if (classify(imageOf(i)) === labels[i]) right++;
  return { weights, accuracy: right / TESTING };
}

await initialize();
const client = new Client();

const grid = [2, 0.5, 0.1, 0.02].flatMap((rate) =>
  [20, 200].flatMap((batch) => [0, 1e-3].map((decay): Candidate => ({ rate, batch, decay }))),
);
const { images, labels } = loadDigits();
const some: Digits = {
  images: images.slice(0, (TRAINING + TESTING) * inputs),
  labels: labels.slice(0, TRAINING + TESTING),
};
const digits = client.scatter(some, { broadcast: true }); // once to every worker, for all tasks

let field = grid.slice(0, count).map((candidate) => ({ candidate, trained: client.submit(train, digits, candidate) }));
for (let round = 1; ; round++) {
  const accuracies = await client.gather(
    // Only a number comes here; the weights stay with the workers.
    field.map(({ trained }) => client.submit(({ accuracy }: Trained) => accuracy, trained)),
  );
  const ranking = field
    .map((entry, i) => ({ ...entry, accuracy: accuracies[i]! }))
    .sort((a, b) => b.accuracy - a.accuracy);
  const { candidate, accuracy } = ranking[0]!;
  const settings = `rate ${candidate.rate}, batches of ${candidate.batch}, decay ${candidate.decay}`;
  console.log(
    `round ${round}: ${String(field.length).padStart(2)} ${field.length === 1 ? 'candidate' : 'candidates'}, best ${(accuracy * 100).toFixed(1)} % with ${settings}`,
  );
  if (field.length === 1) {
    if (accuracy < 0.8) throw new Error('the winner cannot read');
    break;
  }
  const better = ranking.slice(0, Math.ceil(field.length / 2));
  field = better.map(({ candidate, trained }) => ({
    candidate,
    trained: client.submit(train, digits, candidate, trained),
  }));
}
