// Elementwise reductions on one core, in GB/s of one operand, after every class has been seen: what a loop shared by all
// classes would suffer from. node benchmarks/reductions/kernels.ts
import { BAND, MAX, PROD, type PredefinedOp, SUM } from '@par/comm-core';
import { fastestMicroseconds } from '../codec/fastest.ts';

const BYTES = 1 << 20;
const CLASSES = [Float64Array, Float32Array, Int32Array, Uint32Array, Int16Array, Uint8Array, BigInt64Array] as const;

function rate(combine: (a: Float64Array, into: Float64Array) => void, Class: (typeof CLASSES)[number]): string {
  const length = BYTES / Class.BYTES_PER_ELEMENT;
  const one = (Class === BigInt64Array ? 1n : 1) as never;
  const a = new Class(length).fill(one) as Float64Array;
  const into = new Class(length).fill(one) as Float64Array;
  // As in a program whose first reductions are short.
  for (let i = 0; i < 1000; i++) combine(a.subarray(0, 8), into.subarray(0, 8));
  return (BYTES / fastestMicroseconds(() => combine(a, into)) / 1000).toFixed(2);
}

function shared(a: Float64Array, into: Float64Array): void {
  for (let i = 0; i < into.length; i++) into[i] = a[i]! + into[i]!;
}
// Shown every class first, as in a program that reduces several.
for (const Class of CLASSES) rate(shared, Class);

const OPS: readonly PredefinedOp[] = [SUM, PROD, MAX, BAND];
console.log(
  `${'GB/s'.padEnd(16)}${[...OPS.map(({ name }) => name), 'shared SUM'].map((name) => name.padStart(12)).join('')}`,
);
for (const Class of CLASSES) {
  const rates = OPS.map((op) =>
    op === BAND && Class.name.startsWith('Float') ? '–' : rate((a, into) => op.combineElements(a, into), Class),
  );
  console.log(Class.name.padEnd(16) + [...rates, rate(shared, Class)].map((text) => text.padStart(12)).join(''));
}
