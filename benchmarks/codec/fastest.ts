const SAMPLES = 61;
const SAMPLE_MS = 2;
/** The compiler works beside the program and may be late on a busy machine. */
const WARM_UP_MS = 500;

/**
 * Time of one call in the fastest of many samples of about 2 ms: these calls only compute, so whatever makes a sample
 * slower is the machine's other work.
 */
export function fastestMicroseconds(call: () => unknown): number {
  let calls = 1;
  while (timed(call, calls) < SAMPLE_MS * 1000) calls *= 2;
  for (const end = performance.now() + WARM_UP_MS; performance.now() < end; ) timed(call, calls);
  return Math.min(...Array.from({ length: SAMPLES }, () => timed(call, calls) / calls));
}

function timed(call: () => unknown, calls: number): number {
  const start = performance.now();
  for (let i = 0; i < calls; i++) call();
  return (performance.now() - start) * 1000;
}
