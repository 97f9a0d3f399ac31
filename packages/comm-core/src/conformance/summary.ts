import type { JobResult } from './job.ts';
import type { RankReport, Step } from './run-rank.ts';

/** The result of one step over all ranks; `failure` undefined: it passed. */
export interface StepResult {
  readonly failure?: string;
}

function describeFailure(entry: RankReport): string {
  const waited = entry.pending?.length ? `\n  operations not settled:\n    ${entry.pending.join('\n    ')}` : '';
  return `rank ${entry.rank}, after ${Math.round(entry.ms)} ms: ${entry.error ?? ''}${waited}`;
}

/**
 * Joins what the ranks reported. A step passed when every rank said so. `reached` counts the steps up to and with the
 * first that did not: what comes after it was not run by this job and has no outcome.
 */
export function summarize(steps: readonly Step[], size: number, result: JobResult) {
  const byStep = new Map<string, RankReport[]>();
  for (const entry of result.reports) {
    const id = `${entry.kind}: ${entry.name}`;
    byStep.set(id, [...(byStep.get(id) ?? []), entry]);
  }
  const outcomes: StepResult[] = [];
  for (const { kind, test } of steps) {
    const entries = byStep.get(`${kind}: ${test.name}`) ?? [];
    const failed = entries.filter((entry) => entry.outcome === 'failed');
    const silent = Array.from({ length: size }, (_, rank) => rank).filter(
      (rank) => !entries.some((entry) => entry.rank === rank),
    );
    if (failed.length === 0 && silent.length === 0) {
      outcomes.push({});
      continue;
    }
    const lines = failed.map(describeFailure);
    if (silent.length > 0) {
      lines.push(`no report from rank ${silent.join(', ')}. ${result.ending || 'The job ended without an error.'}`);
    }
    outcomes.push({ failure: lines.join('\n\n') });
    break;
  }
  return { reached: outcomes.length, outcomes };
}
