/** What an environment object must offer: process.env does. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Rows of the detection table, in the order they are considered. */
export const DETECTION_ROWS = [
  'explicit',
  'par',
  'ompi',
  'jsm',
  'mvapich',
  'pals',
  'flux',
  'pmi',
  'slurm',
  'pmix',
  'torch',
  'single',
] as const;

export type DetectionRow = (typeof DETECTION_ROWS)[number];

export type TransportName = 'memory' | 'tcp' | 'mpi';

/** What was found out about one row, for people. */
export interface Consideration {
  readonly row: DetectionRow;
  /** Whether its variables are all there. */
  readonly present: boolean;
  readonly chosen: boolean;
  /** Why it was chosen or passed over. */
  readonly reason: string;
}

/** Which rank this process is, of how many, and who says so. Every number comes from the same row. */
export interface Detection {
  readonly row: DetectionRow;
  readonly rank: number;
  /** Undefined when only MPI can tell (PMIx, and PMI over a port). */
  readonly size: number | undefined;
  /** Rank among the ranks of this host, if the row has it. */
  readonly localRank: number | undefined;
  /** Ranks on this host, if the row has it. */
  readonly localSize: number | undefined;
  /** What `auto` means here. */
  readonly transport: TransportName;
  /** All rows in order, the chosen one included. */
  readonly considered: readonly Consideration[];
  /** What a person should know: an allocation without a step, half-set variables. */
  readonly hints: readonly string[];
}

export interface DetectOptions {
  /** Beat the environment. Both or none. */
  readonly rank?: number | undefined;
  readonly size?: number | undefined;
  readonly localRank?: number | undefined;
  readonly localSize?: number | undefined;
}
