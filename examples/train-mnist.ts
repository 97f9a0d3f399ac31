// Learns to read handwritten digits: a softmax classifier on MNIST, trained data-parallel. Each rank computes the
// gradient of its part of every batch, allreduceInto adds the parts up, and all ranks take the same step.
//   par run -np 4 train-mnist.ts [epochs]
import { createRequire } from 'node:module';
import { init, SUM, wtime } from '@par/comm-core';

const epochs = Number(process.argv[2] ?? 12);
const batch = 500;
const rate = 0.5;
const pixels = 28 * 28;
const inputs = pixels + 1; // a constant input carries the bias
const classes = 10;

const world = await init();
const { rank, size } = world;
const started = wtime();

// 10,000 digits. Inputs are rounded to 1/256 and output errors to 2⁻²⁴, so that every sum of gradients is exact in
// float64: the order of addition, and with it the number of ranks, cannot change the result.
interface Digits {
  data: number[];
}
const require = createRequire(import.meta.url);
const images: Float64Array[] = [];
const labels: number[] = [];
for (let digit = 0; digit < classes; digit++) {
  const { data } = require(`mnist/src/digits/${digit}.json`) as Digits;
  for (let at = 0; at + pixels <= data.length; at += pixels) {
    const image = new Float64Array(inputs).fill(1);
    for (let p = 0; p < pixels; p++) image[p] = Math.round(data[at + p]! * 256) / 256;
    images.push(image);
    labels.push(digit);
  }
}

// One shuffle for all ranks (a linear congruential generator, Numerical Recipes' constants), then 9 : 1.
const order = images.map((_, i) => i);
let seed = 42;
for (let i = order.length - 1; i > 0; i--) {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  const j = seed % (i + 1);
  [order[i], order[j]] = [order[j]!, order[i]!];
}
const training = order.slice(0, Math.floor(order.length * 0.9));
const testing = order.slice(training.length);

const weights = new Float64Array(classes * inputs);
const scores = new Float64Array(classes);

/** Fills `scores` with the class probabilities of an image, and gives the most probable class. */
function classify(image: Float64Array): number {
  let best = 0;
  for (let c = 0; c < classes; c++) {
    let score = 0;
    for (let p = 0, w = c * inputs; p < inputs; p++) score += weights[w + p]! * image[p]!;
    scores[c] = score;
    if (score > scores[best]!) best = c;
  }
  const highest = scores[best]!;
  let total = 0;
  for (let c = 0; c < classes; c++) total += scores[c] = Math.exp(scores[c]! - highest);
  for (let c = 0; c < classes; c++) scores[c]! /= total;
  return best;
}

async function accuracy(): Promise<number> {
  let right = 0;
  for (let i = rank; i < testing.length; i += size) {
    const sample = testing[i]!;
    if (classify(images[sample]!) === labels[sample]) right += 1;
  }
  return (await world.allreduce(right, SUM)) / testing.length;
}

if (rank === 0) console.log(`Training on ${training.length} digits, testing on ${testing.length}, ${size} ranks`);
const gradient = new Float64Array(weights.length);
let reached = 0;
for (let epoch = 1; epoch <= epochs; epoch++) {
  for (let from = 0; from < training.length; from += batch) {
    const samples = training.slice(from, from + batch);
    gradient.fill(0);
    for (let i = rank; i < samples.length; i += size) {
      const image = images[samples[i]!]!;
      classify(image);
      scores[labels[samples[i]!]!]! -= 1;
      for (let c = 0; c < classes; c++) {
        const error = Math.round(scores[c]! * 2 ** 24) / 2 ** 24;
        for (let p = 0, w = c * inputs; p < inputs; p++) gradient[w + p]! += error * image[p]!;
      }
    }
    const sum = new Float64Array(gradient.length);
    await world.allreduceInto(gradient, sum, SUM);
    const step = rate / samples.length;
    for (let w = 0; w < weights.length; w++) weights[w]! -= step * sum[w]!;
  }
  reached = await accuracy();
  if (rank === 0) {
    const bar = '█'.repeat(Math.round(reached * 40)).padEnd(40, '░');
    console.log(`  epoch ${String(epoch).padStart(2)}  ${bar}  ${(reached * 100).toFixed(1)} %`);
  }
}

const same = await world.allgather(weights[5 * inputs + 400]);
if (same.some((weight) => weight !== same[0])) throw new Error('the ranks learned different weights');
if (epochs >= 10 && reached < 0.88) throw new Error(`only ${reached * 100} % of the test digits were recognised`);
if (rank === 0) {
  const sample = testing.find((i) => labels[i] === 3) ?? testing[0]!;
  const picture = images[sample]!;
  console.log(
    `accuracy ${(reached * 100).toFixed(2)} % after ${epochs} epochs, ${(wtime() - started).toFixed(1)} s. For example:`,
  );
  for (let y = 4; y < 26; y += 2) {
    let line = '';
    for (let x = 2; x < 26; x++)
      line += ' ░▒▓█'[Math.min(4, Math.floor((picture[y * 28 + x]! + picture[(y + 1) * 28 + x]!) * 2.4))];
    console.log(`    ${line}`);
  }
  console.log(`  … is read as a ${classify(picture)}.`);
}
