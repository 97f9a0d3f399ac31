export type { TaskErrorCode } from './errors.ts';
export {
  DeserializationError,
  ResultNotSerializableError,
  TaskCrashedError,
  TaskError,
  TaskExitedError,
  TaskOutOfMemoryError,
} from './errors.ts';
export type { WorkerOptions } from './options.ts';
export { currentTask, Reschedule, type TaskContext, taskContext } from './thread/context.ts';
