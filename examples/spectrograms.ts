// The mean power spectrum of many images: each rank transforms every size-th one, the spectra are added up on rank 0.
//   par run -np 4 spectrograms.ts [images]
import { init, SUM } from '@par/comm-core';

const images = Number(process.argv[2] ?? 21);
const side = 32;
const world = await init();

/** Image k: a wave of k mod 5 + 1 periods across and 2 down. */
function image(k: number): Float64Array {
  const across = (k % 5) + 1;
  return Float64Array.from({ length: side * side }, (_, p) =>
    Math.cos((2 * Math.PI * ((p % side) * across + Math.floor(p / side) * 2)) / side),
  );
}

/** In-place radix-2 FFT of `side` complex numbers that lie `stride` apart (Cooley and Tukey, 1965). */
function fft(re: Float64Array, im: Float64Array, start: number, stride: number): void {
  for (let i = 1, j = 0; i < side; i++) {
    let bit = side >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      for (const part of [re, im]) {
        const a = start + i * stride;
        const b = start + j * stride;
        [part[a], part[b]] = [part[b]!, part[a]!];
      }
    }
  }
  for (let span = 2; span <= side; span *= 2) {
    for (let block = 0; block < side; block += span) {
      for (let k = 0; k < span / 2; k++) {
        const angle = (-2 * Math.PI * k) / span;
        const [wr, wi] = [Math.cos(angle), Math.sin(angle)];
        const a = start + (block + k) * stride;
        const b = a + (span / 2) * stride;
        const tr = wr * re[b]! - wi * im[b]!;
        const ti = wr * im[b]! + wi * re[b]!;
        re[b] = re[a]! - tr;
        im[b] = im[a]! - ti;
        re[a]! += tr;
        im[a]! += ti;
      }
    }
  }
}

const power = new Float64Array(side * side);
for (let k = world.rank; k < images; k += world.size) {
  const re = image(k);
  const im = new Float64Array(side * side);
  for (let row = 0; row < side; row++) fft(re, im, row * side, 1);
  for (let column = 0; column < side; column++) fft(re, im, column, side);
  for (let p = 0; p < power.length; p++) power[p]! += re[p]! ** 2 + im[p]! ** 2;
}

const total = world.rank === 0 ? new Float64Array(side * side) : undefined;
await world.reduceInto(power, total, SUM);
if (total) {
  const peak = ((side * side) / 2) ** 2;
  for (let across = 1; across <= 5; across++) {
    const found = total[2 * side + across]! / peak;
    const expected = Math.floor((images - across) / 5) + 1;
    if (Math.abs(found - expected) > 1e-9)
      throw new Error(`${found} images at wave number ${across}, expected ${expected}`);
  }
  const bars = [1, 2, 3, 4, 5].map((across) => `${across}: ${(total[2 * side + across]! / peak).toFixed(0)}`);
  console.log(`${images} spectra on ${world.size} ranks; images per wave number — ${bars.join(', ')}`);
}
