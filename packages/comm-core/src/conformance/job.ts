import type { Communicator } from '../comm/communicator.ts';
import type { RankReport } from './run-rank.ts';

/** All ranks live in this process. */
export interface InProcessJob {
  /** The world communicator of each rank, in rank order. */
  readonly worlds: readonly Communicator[];
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

export type Job = InProcessJob | ProcessJob;

/** What a job has reported when it is over, and how it ended. */
export interface JobResult {
  readonly reports: readonly RankReport[];
  /** The job ended by itself, without an error. */
  readonly clean: boolean;
  /** For people: why there may be no more reports, such as the launcher's exit status and its last output. */
  readonly ending: string;
}
