// Three kinds of task with arguments and results of their own kinds. Any worker runs any of them, and every result keeps its
// type: the compiler knows what `gather` brings.
//
//   node task-kinds.ts        par run -np 4 task-kinds.ts
import { Client, initialize } from '@par/futures';

await initialize();
const client = new Client();

const statistics = (values: Float64Array): { mean: number; deviation: number } => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.sqrt(variance) };
};

const letters = (text: string): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const letter of text.toLowerCase().match(/\p{L}/gu) ?? []) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  return counts;
};

const factors = (n: bigint, smallest = 2n): bigint[] => {
  for (let d = smallest; d * d <= n; d++) if (n % d === 0n) return [d, ...factors(n / d, d)];
  return n > 1n ? [n] : [];
};

const { ramp, pangram, repunit } = await client.gather({
  ramp: client.submit(
    statistics,
    Float64Array.from({ length: 1001 }, (_, i) => i),
  ),
  pangram: client.map(letters, ['The quick brown fox', 'jumps over the lazy dog']),
  repunit: client.submit(factors, 11_111_111_111n),
});

const seen = new Set(pangram.flatMap((counts) => [...counts.keys()]));
if (ramp.mean !== 500 || seen.size !== 26 || repunit.reduce((a, b) => a * b) !== 11_111_111_111n) {
  throw new Error('a result is wrong');
}
console.log(`0 … 1000: mean ${ramp.mean}, standard deviation ${ramp.deviation.toFixed(2)}`);
console.log(
  `the pangram has all ${seen.size} letters, and ${pangram[0]!.get('o')! + pangram[1]!.get('o')!} times the o`,
);
console.log(`11111111111 = ${repunit.join(' · ')}`);
