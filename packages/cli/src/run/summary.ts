import type { Cause, ExitPolicy, RankEnd } from './exit-policy.ts';

/** The process of a rank, for the summary. */
export interface EndedRank {
  readonly rank: number;
  readonly host: string;
  readonly pid: number | undefined;
  readonly end: RankEnd | undefined;
  /** Last lines of its stderr. */
  readonly stderr: readonly string[];
}

export interface Summary {
  /** For people: lines that each begin with "par: ". */
  readonly text: string;
  /** For programs. */
  readonly record: object;
}

export function describeEnd(end: RankEnd | undefined): string {
  switch (end?.kind) {
    case 'exit':
      return `exit status ${end.code}`;
    case 'signal':
      return `signal ${end.signal}`;
    case 'not-started':
      return `could not be started: ${end.message}`;
    case 'host-lost':
      return `host lost: ${end.message}`;
    default:
      return 'still running';
  }
}

function describeCause(cause: Cause, rank: EndedRank | undefined, timeoutMs: number | undefined): string {
  switch (cause.kind) {
    case 'rank':
      return `rank ${cause.rank} failed: ${describeEnd(cause.end)}${where(rank)}`;
    case 'abort':
      return `rank ${cause.rank} aborted the job: status ${cause.status & 255 || 1}${where(rank)}: ${cause.reason}`;
    case 'launcher':
      return [`${cause.name} ended with status ${cause.status}`, ...cause.words.map((word) => `| ${word}`)].join(
        '\npar: ',
      );
    case 'timeout':
      return `the job was not finished after ${(timeoutMs ?? 0) / 1000} s`;
    case 'interrupt':
      return `interrupted by ${cause.signal}`;
    case 'restart':
      return 'started again';
    case 'output':
      return `${cause.what} cannot be written: ${cause.code}`;
  }
}

function where(rank: EndedRank | undefined): string {
  return rank === undefined ? '' : ` (host ${rank.host}, pid ${rank.pid ?? 'none'})`;
}

/** What is said at the end of a job that did not end well; undefined when it did. */
export function summarize(
  policy: ExitPolicy,
  ranks: readonly EndedRank[],
  endedByPar: number,
  timeoutMs: number | undefined,
): Summary | undefined {
  const { cause, status } = policy;
  if (cause?.kind === 'restart') return undefined;
  // A reader that has seen enough (`| head`) is no failure worth words.
  if (cause === undefined || (cause.kind === 'output' && cause.code === 'EPIPE')) return undefined;
  const number = 'rank' in cause ? cause.rank : undefined;
  const rank = ranks.find((ended) => ended.rank === number);
  const others = policy.failures.filter((failure) => failure.rank !== number);
  const lines = [describeCause(cause, rank, timeoutMs)];
  if (others.length > 0) {
    lines.push(`also failed: ${others.map((other) => `rank ${other.rank} (${describeEnd(other.end)})`).join(', ')}`);
  }
  if (endedByPar > 0)
    lines.push(
      `${endedByPar} ${number === undefined ? '' : 'other '}${endedByPar === 1 ? 'rank was' : 'ranks were'} ended`,
    );
  if (rank !== undefined && rank.stderr.length > 0) {
    lines.push(`last lines of its stderr:`, ...rank.stderr.map((line) => `| ${line}`));
  }
  return {
    text: lines.map((line) => `par: ${line}`).join('\n'),
    record: {
      event: 'summary',
      status,
      cause: cause.kind,
      ...(number === undefined ? {} : { rank: number }),
      ...(rank === undefined ? {} : { host: rank.host, pid: rank.pid, end: rank.end, stderr: rank.stderr }),
      ...('reason' in cause ? { reason: cause.reason } : {}),
      failures: policy.failures,
      endedByPar,
    },
  };
}
