import type { Communicator } from '@par/comm-core';
import { FunctionRegistry } from '../closures/index.ts';
import type { Failure, FunctionDescription, Rank } from '../protocol/index.ts';
import type { EncodedWithHolds } from '../values/index.ts';
import { failureOf } from './failure.ts';
import { encodedResult } from './result.ts';
import type { Run } from './run.ts';
import { Values } from './thread/arguments.ts';
import { makeFunction } from './thread/functions.ts';

export interface GroupEvents {
  /** `result` is undefined on all ranks but the group's first. */
  finished(run: Run, milliseconds: number, result: EncodedWithHolds | undefined, type: string): void;
  failed(run: Run, milliseconds: number, failure: Failure): void;
}

/**
 * Tasks that several ranks run together. They run on the rank's own loop, where the communicator is: the function gets one of
 * the group's ranks, in their order, as its last argument.
 */
export class GroupRuns {
  readonly #comm: Communicator;
  readonly #events: GroupEvents;
  readonly #registry = new FunctionRegistry();
  readonly #running = new Map<Run, { comm: Communicator | undefined; readonly ended: Promise<void> }>();

  constructor(comm: Communicator, events: GroupEvents) {
    this.#comm = comm;
    this.#events = events;
  }

  start(run: Run, group: readonly Rank[], description: FunctionDescription): void {
    const entry: { comm: Communicator | undefined; ended: Promise<void> } = {
      comm: undefined,
      ended: Promise.resolve(),
    };
    this.#running.set(run, entry);
    run.state = 'in-thread';
    entry.ended = this.#run(run, group, description, entry).finally(() => {
      this.#running.delete(run);
      run.end();
    });
  }

  /** What the function awaits of its communicator rejects with PAR_FREED. */
  cancel(run: Run): void {
    run.cancelled = true;
    const comm = this.#running.get(run)?.comm;
    // Every member was told; those that never come are gone, and so is the job of this communicator.
    comm?.free().catch(() => {});
  }

  async close(): Promise<void> {
    for (const run of this.#running.keys()) this.cancel(run);
    await Promise.all([...this.#running.values()].map(({ ended }) => ended));
  }

  async #run(
    run: Run,
    group: readonly Rank[],
    description: FunctionDescription,
    entry: { comm: Communicator | undefined },
  ): Promise<void> {
    const start = performance.now();
    try {
      entry.comm = await this.#comm.createFromGroup(this.#comm.group.include(group));
      const fn = await makeFunction(description, this.#registry);
      const value = await runTheTask(fn, [...argumentsOf(run), entry.comm]);
      const first = group[0] === this.#comm.rank;
      const result = first ? encodedResult(value, run.who) : undefined;
      if (!run.cancelled) this.#events.finished(run, performance.now() - start, result, typeof value);
    } catch (error) {
      if (!run.cancelled) {
        const { rank, processorName } = this.#comm;
        const key = run.key ?? `${run.order.name}-${run.task}`;
        const failure = failureOf(error, { key, rank, host: processorName }, runTheTask.name);
        this.#events.failed(run, performance.now() - start, failure);
      }
    }
    // Collective: also of a member that failed alone. One that is lost needs nothing freed.
    await entry.comm?.free().catch(() => {});
  }
}

function argumentsOf(run: Run): unknown[] {
  const values = new Values();
  const { chunk, position, order, dependencies } = run;
  for (const value of [chunk, order.common, ...(dependencies ?? [])]) {
    if (value !== undefined) values.add(value.id, value.segments);
  }
  const ids = dependencies?.map(({ id }) => id);
  return values.argumentsOf(chunk.id, position, order.common?.id, ids);
}

/** Where the stacks of tasks end. */
function runTheTask(fn: (...args: unknown[]) => unknown, args: readonly unknown[]): unknown {
  return fn(...args);
}
