import type { Rank } from '../../protocol/index.ts';
import type { WorkerOptions } from '../options.ts';

/** What the process of a worker is told first. */
export interface ProcessStart {
  readonly kind: 'start';
  readonly rank: Rank;
  readonly size: number;
  readonly host: string;
  readonly options: WorkerOptions;
  /** Numbers below these were used by this rank's own clients and by processes before this one. */
  readonly firstLocal: number;
  readonly firstRequest: number;
}

/** From the rank to the process. */
export type ToProcess =
  | ProcessStart
  | { readonly kind: 'records'; readonly tag: number; readonly source: Rank; readonly records: readonly unknown[] }
  | { readonly kind: 'lost'; readonly rank: Rank; readonly text: string };

/** From the process to the rank: to be sent on. */
export interface FromProcess {
  readonly dest: Rank;
  readonly tag: number;
  readonly records: readonly unknown[];
}
