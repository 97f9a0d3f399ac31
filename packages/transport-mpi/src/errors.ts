import { ParError } from '@par/comm-core';

/** MPI refused or failed an operation. `code` is PAR_TRANSPORT. */
export class MpiError extends ParError {
  /** Name of MPI's error class, such as `MPI_ERR_TAG` (MPI-4.1 §9.4). */
  readonly errorClass: string;
  /** What was being done, such as `MPI_Comm_dup` or `recvInto source=1 tag=7`. */
  readonly op: string;
  constructor(errorClass: string, op: string, text: string) {
    super('PAR_TRANSPORT', `${op}: ${errorClass}: ${text}`);
    this.errorClass = errorClass;
    this.op = op;
  }
}

/** The addon throws plain errors that carry `errorClass` and `op`. */
export function mpiErrorOf(error: unknown): unknown {
  const { errorClass, op, message } = error as Partial<MpiError>;
  return typeof errorClass === 'string' ? new MpiError(errorClass, op ?? 'MPI', message ?? '') : error;
}
