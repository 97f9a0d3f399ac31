import type { Replacement } from '@par/comm-core/transport';
import type { RankEnd } from './exit-policy.ts';
import type { Job } from './job.ts';
import { PRELOAD } from './program.ts';
import type { Rank, RankEvents, RankPlan } from './rank-process.ts';
import { describeEnd } from './summary.ts';

/** So many replacements in a row that never join are the last: something is wrong with starting them. */
const MOST_FAILED_STARTS = 5;

export interface Surroundings {
  job(): Job | undefined;
  note(message: string): void;
  hasJoined(rank: number): boolean;
  /** A rank for a new process; undefined: there is none left. */
  reserve(): number | undefined;
  /** Options for Node of the program with this number. */
  nodeArgs(appnum: number): readonly string[];
  /** Starts a process on the host of `like`. */
  start(plan: RankPlan, like: number, events: RankEvents): Rank;
}

/** Starts workers of the futures layer in place of lost ones: on the same host, or when that is lost on the one with the fewest. */
export class Replacements {
  readonly #surroundings: Surroundings;
  readonly #of = new Map<number, Replacement>();
  #failedStarts = 0;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  /** What to start in place of a rank. */
  register(rank: number, replacement: Replacement): void {
    this.#of.set(rank, replacement);
  }

  /** What starts a rank in place of a lost one; undefined: it is not to be replaced, or cannot be. */
  forLost(lost: number, end: RankEnd): ((events: RankEvents) => Rank) | undefined {
    const replacement = this.#of.get(lost);
    this.#of.delete(lost);
    if (replacement === undefined || (end.kind === 'exit' && end.code === 0)) return undefined;
    const { hasJoined, reserve, note, start } = this.#surroundings;
    this.#failedStarts = hasJoined(lost) ? 0 : this.#failedStarts + 1;
    const giveUp = (why: string): undefined => {
      note(`rank ${lost} is not replaced: ${why}`);
      return undefined;
    };
    if (this.#failedStarts >= MOST_FAILED_STARTS) {
      return giveUp(`${describeEnd(end)} before it joined, as ${MOST_FAILED_STARTS - 1} others before it`);
    }
    const template = this.#templateFor(lost, end);
    if (template === undefined) return giveUp('no host is left to start it on');
    const rank = reserve();
    if (rank === undefined) return giveUp('all ranks this job can have over its life have been used');
    const plan = this.#planFor(rank, template, replacement);
    return (events) => {
      this.#of.set(rank, replacement);
      return start(plan, template.rank, events);
    };
  }

  #planFor(rank: number, template: RankPlan, replacement: Replacement): RankPlan {
    const nodeArgs = this.#surroundings.nodeArgs(template.appnum);
    return {
      ...template,
      rank,
      file: process.execPath,
      args: ['--import', PRELOAD, ...nodeArgs, replacement.program],
      env: { ...template.env, ...replacement.env, PAR_RANK: String(rank) },
      stdin: 'ignore',
      stacks: false,
    };
  }

  /** The plan of a rank on the host where the replacement is to run. */
  #templateFor(lost: number, end: RankEnd): RankPlan | undefined {
    const ranks = this.#surroundings.job()?.ranks ?? [];
    if (end.kind !== 'host-lost') return ranks.find(({ plan }) => plan.rank === lost)?.plan;
    const living = ranks.filter(({ alive }) => alive);
    const counts = new Map<string, number>();
    for (const { plan } of living) counts.set(plan.host, (counts.get(plan.host) ?? 0) + 1);
    const [host] = [...counts].toSorted(([, a], [, b]) => a - b)[0] ?? [];
    return living.find(({ plan }) => plan.host === host)?.plan;
  }
}
