import type { RunNumber, TaskId } from '../../protocol/index.ts';
import type { BatchOrder } from '../threads/messages.ts';
import type { TaskContext } from './context.ts';
import type { ThreadLink } from './thread-link.ts';

/** What of the runner a task may use. */
export interface ThreadShare {
  readonly link: ThreadLink;
  secede(task: ThreadTask): void;
  rejoin(task: ThreadTask): Promise<void>;
}

/** A task in its thread, and what its code sees of it. */
export class ThreadTask implements TaskContext {
  readonly slot: number;
  readonly ticket: number;
  readonly order: BatchOrder;
  readonly task: TaskId;
  readonly run: RunNumber;
  readonly chunk: number;
  readonly position: number;
  readonly dependencies: readonly number[] | undefined;
  readonly #key: string | undefined;
  readonly #share: ThreadShare;
  #controller: AbortController | undefined;
  #aborted = false;
  /** It has not the thread, and did not ask for it back. */
  seceded = false;
  wasBlocked = false;
  over = false;
  startedAt = 0;

  constructor(
    share: ThreadShare,
    order: BatchOrder,
    place: { slot: number; ticket: number; task: TaskId; run: RunNumber; chunk: number; position: number },
    key: string | undefined,
    dependencies: readonly number[] | undefined,
  ) {
    this.#share = share;
    this.order = order;
    this.slot = place.slot;
    this.ticket = place.ticket;
    this.task = place.task;
    this.run = place.run;
    this.chunk = place.chunk;
    this.position = place.position;
    this.#key = key;
    this.dependencies = dependencies;
  }

  get key(): string {
    return this.#key ?? `${this.order.name}-${this.task}`;
  }

  get workerRank(): number {
    return this.#share.link.rank;
  }

  get link(): ThreadLink {
    return this.#share.link;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#aborted) this.#controller.abort(reason(this.key));
    return this.#controller.signal;
  }

  abort(): void {
    this.#aborted = true;
    this.#controller?.abort(reason(this.key));
  }

  secede(): void {
    if (!this.over) this.#share.secede(this);
  }

  rejoin(): Promise<void> {
    return this.over ? Promise.resolve() : this.#share.rejoin(this);
  }
}

function reason(key: string): DOMException {
  return new DOMException(`task ${key} was cancelled`, 'AbortError');
}
