/** Sizes of the maps of no-op tasks. */
export const SIZES = [1_000, 10_000, 100_000, 1_000_000];
/** How often a map of so many tasks is measured. */
export const repetitions = (count: number): number => Math.max(2, Math.min(20, 300_000 / count));
export const LATENCY_CALLS = 2_000;
/** Leaves of the tree reduction: 2,047 tasks. */
export const TREE_LEAVES = 1_024;
/** Results of 1 MB each that one gather brings. */
export const RESULTS = 100;
export const RESULT_BYTES = 1_000_000;

/** One figure of several repetitions, for compare.ts. */
export function report(name: string, values: readonly number[]): void {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
  console.log(JSON.stringify({ name, median: at(0.5), p99: at(0.99), repetitions: values.length }));
}
