/** Every error of running tasks carries one of these. */
export type TaskErrorCode =
  | 'PAR_TASK_EXITED'
  | 'PAR_TASK_OUT_OF_MEMORY'
  | 'PAR_TASK_CRASHED'
  | 'PAR_DESERIALIZATION'
  | 'PAR_RESULT_NOT_SERIALIZABLE'
  | 'PAR_DATA_LOST'
  | 'PAR_NO_TASK';

/** A task did not end as functions end. */
export class TaskError extends Error {
  readonly code: TaskErrorCode;

  constructor(code: TaskErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** The task called `process.exit`: its thread ended, the worker goes on. */
export class TaskExitedError extends TaskError {
  /** Status it asked for. */
  readonly status: number;

  constructor(who: string, status: number) {
    super(
      'PAR_TASK_EXITED',
      `${who} called process.exit(${status}), which ended its thread; return a value or throw an error instead`,
    );
    this.status = status;
  }
}

/** The task used up the memory of its thread's heap. */
export class TaskOutOfMemoryError extends TaskError {
  constructor(who: string, cause: unknown) {
    super(
      'PAR_TASK_OUT_OF_MEMORY',
      `${who} used up the heap of its thread; let it hold less at once, keep numbers in typed arrays (they are outside of the heap), or give threads more with the worker option 'threadHeapBytes'`,
      { cause },
    );
  }
}

/** The task's thread ended with an error that nothing in it caught. */
export class TaskCrashedError extends TaskError {
  constructor(who: string, cause: unknown) {
    super(
      'PAR_TASK_CRASHED',
      `the thread of ${who} ended: ${cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause)}; await every promise the task makes, and handle the 'error' events of what it opens`,
      { cause },
    );
  }
}

/** The function or the arguments could not be made again on the worker. */
export class DeserializationError extends TaskError {
  constructor(who: string, what: string, cause: unknown) {
    super(
      'PAR_DESERIALIZATION',
      `deserialization: ${what} of ${who} could not be made again: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}

/** The task's result cannot leave its thread. */
export class ResultNotSerializableError extends TaskError {
  /** Where in the result: `value.model.fn`. */
  readonly path: string;

  constructor(who: string, path: string, cause: unknown) {
    super(
      'PAR_RESULT_NOT_SERIALIZABLE',
      `the result of ${who} cannot be sent: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
    this.path = path;
  }
}
