import type { Communicator } from '../comm/communicator.ts';
import type { RankReport } from './run-rank.ts';

/** All ranks live in this process. */
export interface InProcessJob {
  /** The world communicator of each rank, in rank order. */
  readonly worlds: readonly Communicator[];
  /** Cuts a rank off from all others, as if its process had been killed. Needed where peer loss is survived. */
  lose?(rank: number): void;
}

/** Every rank is a process of its own, started by a launcher. */
export interface ProcessJob {
  /** How to start the given program (script and its arguments, without node) as all ranks of the job. */
  launch(program: readonly string[]): LaunchCommand;
}

export interface LaunchCommand {
  readonly command: string;
  readonly args: readonly string[];
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * What a job is for. In a `peer-loss` job one rank is killed (a process job kills itself with SIGKILL): the launcher has
 * to leave the others alone.
 */
export type Purpose = 'cases' | 'peer-loss';

export type Job = InProcessJob | ProcessJob;

/** What a job has reported when it is over, and how it ended. */
export interface JobResult {
  readonly reports: readonly RankReport[];
  /** By itself and without an error, by itself with one, or only when it was stopped. */
  readonly ended: 'cleanly' | 'badly' | 'stopped';
  /** For people: why there may be no more reports, such as the launcher's exit status and its last output. */
  readonly ending: string;
}
