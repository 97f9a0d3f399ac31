// Images are flattened to zero mean and unit variance, one per rank and round; rank 0 collects and writes each round.
// The last round is ragged: ranks without an image take part with nothing.
//   par run -np 4 whitening.ts [images]
import { createHash } from 'node:crypto';
import { init } from '@par/comm-core';

const images = Number(process.argv[2] ?? 10);
const side = 32;
const pixels = side * side;
const world = await init();
const { rank, size } = world;

/** Image k: stripes of its own direction and wavelength. */
const image = (k: number): Float32Array =>
  Float32Array.from(
    { length: pixels },
    (_, p) => Math.sin(((p % side) * (k + 1) + Math.floor(p / side) * (k + 2)) / 7) + k,
  );

function whiten(picture: Float32Array): Float32Array {
  const mean = picture.reduce((sum, x) => sum + x, 0) / pixels;
  const deviation = Math.sqrt(picture.reduce((sum, x) => sum + (x - mean) ** 2, 0) / pixels);
  return picture.map((x) => (x - mean) / deviation);
}

const written = createHash('sha256');
let collected = 0;
const rounds = Math.ceil(images / size);
for (let round = 0; round < rounds; round++) {
  const present = Math.min(size, images - round * size);
  const counts = Array.from({ length: size }, (_, r) => (r < present ? pixels : 0));
  const mine = rank < present ? whiten(image(round * size + rank)) : new Float32Array(0);
  const whole = rank === 0 ? new Float32Array(present * pixels) : undefined;
  await world.gatherInto(mine, whole, { counts });
  if (whole) {
    written.update(whole);
    collected += whole.length / pixels;
  }
}

if (rank === 0) {
  const expected = createHash('sha256');
  for (let k = 0; k < images; k++) expected.update(whiten(image(k)));
  const digest = written.digest('hex');
  if (collected !== images || digest !== expected.digest('hex'))
    throw new Error('the collected images differ from the whitened ones');
  console.log(`${images} images whitened in ${rounds} rounds on ${size} ranks, digest ${digest.slice(0, 12)}`);
}
