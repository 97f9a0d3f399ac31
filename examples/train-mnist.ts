// Learns to read handwritten digits: a softmax classifier on MNIST, trained data-parallel. Each rank computes the
// gradient of its part of every batch, allreduceInto adds the parts up, and all ranks take the same step.
//   par run -np 4 train-mnist.ts [epochs]
import { init, SUM, wtime } from '@par/comm-core';
import { classes, inputs, loadDigits } from './mnist.ts';

const epochs = Number(process.argv[2] ?? 12);
const batch = 500;
const rate = 0.5;

const world = await init();
const { rank, size } = world;
const started = wtime();

// Rank 0 parses the digits for all. Grey values are rounded to 1/256, and output errors to 2⁻²⁴, so that every sum of gradients is exact in float64: the order
// of addition, and with it the number of ranks, cannot change the result.
const { images, labels } = (await world.bcast(rank === 0 ? loadDigits() : undefined))!;
const imageOf = (i: number): Float32Array => images.subarray(i * inputs, (i + 1) * inputs);
const training = Math.floor(labels.length * 0.9);
const testing = labels.length - training;

const weights = new Float64Array(classes * inputs);
const scores = new Float64Array(classes);

/** Fills `scores` with the class probabilities of an image, and gives the most probable class. */
function classify(image: Float32Array): number {
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
  for (let i = training + rank; i < labels.length; i += size) if (classify(imageOf(i)) === labels[i]) right += 1;
  return (await world.allreduce(right, SUM)) / testing;
}

if (rank === 0) console.log(`Training on ${training} digits, testing on ${testing}, ${size} ranks`);
const gradient = new Float64Array(weights.length);
let reached = 0;
for (let epoch = 1; epoch <= epochs; epoch++) {
  for (let from = 0; from < training; from += batch) {
    const to = Math.min(training, from + batch);
    gradient.fill(0);
    for (let i = from + rank; i < to; i += size) {
      const image = imageOf(i);
      classify(image);
      scores[labels[i]!]! -= 1;
      for (let c = 0; c < classes; c++) {
        const error = Math.round(scores[c]! * 2 ** 24) / 2 ** 24;
        for (let p = 0, w = c * inputs; p < inputs; p++) gradient[w + p]! += error * image[p]!;
      }
    }
    const sum = new Float64Array(gradient.length);
    await world.allreduceInto(gradient, sum, SUM);
    const step = rate / (to - from);
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
  const picture = imageOf(labels.indexOf(3, training));
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
