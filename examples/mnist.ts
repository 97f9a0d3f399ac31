// The 10,000 handwritten digits of the package `mnist`, for the programs that learn to read them.
import { createRequire } from 'node:module';

export const pixels = 28 * 28;
export const inputs = pixels + 1; // a constant input carries the bias
export const classes = 10;

export interface Digits {
  /** `inputs` numbers for each digit: grey values from 0 to 1, rounded to 1/256, and the constant 1. */
  readonly images: Float32Array;
  readonly labels: Uint8Array;
}

/** In an order that is mixed, and the same everywhere. */
export function loadDigits(): Digits {
  const require = createRequire(import.meta.url);
  const byDigit = Array.from(
    { length: classes },
    (_, digit) => (require(`mnist/src/digits/${digit}.json`) as { data: number[] }).data,
  );
  const places = byDigit.flatMap((data, digit) =>
    Array.from({ length: Math.floor(data.length / pixels) }, (_, i) => ({ digit, at: i * pixels })),
  );
  // A linear congruential generator with Numerical Recipes' constants.
  let seed = 42;
  for (let i = places.length - 1; i > 0; i--) {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    const j = seed % (i + 1);
    [places[i], places[j]] = [places[j]!, places[i]!];
  }
  const images = new Float32Array(places.length * inputs).fill(1);
  for (const [i, { digit, at }] of places.entries()) {
    for (let p = 0; p < pixels; p++) images[i * inputs + p] = Math.round(byDigit[digit]![at + p]! * 256) / 256;
  }
  return { images, labels: Uint8Array.from(places, ({ digit }) => digit) };
}
