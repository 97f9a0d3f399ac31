import { format } from 'node:util';
import type { ClientCore } from './core.ts';
import { isInTask } from './current.ts';
import { currentCore } from './current-core.ts';
import { encodedMessage } from './topics.ts';

const PRINT = 'print';
const WARN = 'warn';

/** Writes a line on the script's standard output, also from a task, wherever that runs. Formats as `console.log` does. */
export function print(...values: unknown[]): void {
  const text = format(...values);
  if (isInTask()) log(PRINT, text);
  else console.log(text);
}

/** Emits a warning in the script's process, also from a task, wherever that runs. */
export function warn(message: string): void {
  if (isInTask()) log(WARN, message);
  else emit(message);
}

function log(topic: string, text: string): void {
  currentCore().tell({ method: 'log-event', topic, message: encodedMessage(text) });
}

function emit(message: string): void {
  process.emitWarning(message, { code: 'PAR_TASK_WARNING' });
}

/** What tasks print and warn of is shown by this process from now on. */
export function showPrints(core: ClientCore): void {
  core.onEvent = ({ topic, message }) => {
    const text = String(core.decode(message));
    if (topic === WARN) emit(text);
    else console.log(text);
  };
  for (const topic of [PRINT, WARN]) core.tell({ method: 'subscribe', topic });
}
