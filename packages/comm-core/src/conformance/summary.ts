import type { JobResult } from './job.ts';
import type { RankReport, Step } from './run-rank.ts';

/** The result of one test over all ranks; `failure` undefined: it passed. */
export interface TestResult {
  readonly failure?: string;
}

/** What is shown of one step, and what its results are found by. */
export function keyOf(step: { readonly kind: string; readonly test: { readonly name: string } }): string {
  return `${step.kind}: ${step.test.name}`;
}

function describeFailure(entry: RankReport): string {
  const waited = entry.pending?.length ? `\n  operations not settled:\n    ${entry.pending.join('\n    ')}` : '';
  return `rank ${entry.rank}, after ${Math.round(entry.ms)} ms: ${entry.error ?? ''}${waited}`;
}

/** A test passed when each of `ranks` said so. */
export function join(entries: readonly RankReport[], ranks: readonly number[], result: JobResult): TestResult {
  const failures = entries.filter((entry) => entry.outcome === 'failed').map(describeFailure);
  const silent = ranks.filter((rank) => !entries.some((entry) => entry.rank === rank));
  if (silent.length > 0) {
    failures.push(`no report from rank ${silent.join(', ')}. ${result.ending || 'The job ended without an error.'}`);
  }
  return failures.length === 0 ? {} : { failure: failures.join('\n\n') };
}

/**
 * Results of the steps up to and with the first that did not pass: what comes after it was not run by this job and has
 * no result.
 */
export function summarize(steps: readonly Step[], size: number, result: JobResult): TestResult[] {
  const ranks = Array.from({ length: size }, (_, rank) => rank);
  const byStep = Map.groupBy(result.reports, ({ kind, name }) => keyOf({ kind, test: { name } }));
  const results: TestResult[] = [];
  for (const step of steps) {
    const joined = join(byStep.get(keyOf(step)) ?? [], ranks, result);
    results.push(joined);
    if (joined.failure !== undefined) break;
  }
  return results;
}
