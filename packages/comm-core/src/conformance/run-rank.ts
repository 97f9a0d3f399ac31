import { once } from 'node:events';
import type { Communicator } from '../comm/communicator.ts';
import { Comm } from '../comm/intracomm.ts';
import type { Capabilities } from '../transport/index.ts';
import { applies, type CommunicatorKind, type ConformanceCase, type Coverage, kindsAt, sizesOf } from './case.ts';
import { CheckFailed, makeTools } from './checks.ts';
import { deadline, within } from './deadline.ts';

/** What one rank has to say of one case on one communicator. */
export interface RankReport {
  readonly rank: number;
  readonly kind: CommunicatorKind;
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'not-applicable';
  /** Why it failed, with the stack. */
  readonly error?: string;
  /** Operations of this rank that had not settled then. */
  readonly pending?: readonly string[];
  readonly ms: number;
}

/** What is run in one job: the cases, each on its kinds of communicators, without those already known. */
export interface Plan {
  readonly cases: readonly ConformanceCase[];
  readonly coverage: Coverage;
  readonly capabilities: Capabilities;
  /** Steps (see `stepsOf`) to leave out at the start. */
  readonly skip: number;
  readonly deadlineMs: number;
}

/** One case on one kind of communicator. */
export interface Step {
  readonly kind: CommunicatorKind;
  readonly test: ConformanceCase;
}

/** Every step of a run with `size` ranks that says something about some of them, in the order in which all take them. */
export function stepsOf(
  { cases, coverage, capabilities }: Pick<Plan, 'cases' | 'coverage' | 'capabilities'>,
  size: number,
): Step[] {
  return cases.flatMap((test, index) =>
    kindsAt(coverage, index, size)
      .filter((kind) => sizesOf(kind, size).some((n) => applies(test, kind, n, capabilities)))
      .map((kind) => ({ kind, test })),
  );
}

async function communicatorOf(world: Communicator, kind: CommunicatorKind): Promise<Communicator> {
  if (kind === 'world') return world;
  if (kind === 'dup') return world.dup();
  if (kind === 'self') return (await world.split({ color: world.rank }))!;
  return (await world.split({ color: world.rank % 2, key: -world.rank }))!;
}

/** Operations of this rank that have not settled. */
export function pendingOf(comm: Communicator): readonly string[] {
  return comm instanceof Comm ? comm.job.transport.pending() : [];
}

export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.stack?.includes(error.message) ? error.stack : `${error.message}\n${error.stack ?? ''}`;
}

/**
 * Runs the plan on this rank and reports each step. Gives false as soon as a step fails here or does not end on
 * another rank: the job is then in no known state, and its owner has to end it.
 */
export async function runRank(
  world: Communicator,
  plan: Plan,
  report: (report: RankReport) => void,
  stop?: AbortSignal,
): Promise<boolean> {
  const start = deadline(plan.deadlineMs, stop);
  const control = await within(start.signal, `rank ${world.rank}: duplicating the world`, world.dup());
  start.clear();
  const made = new Map<CommunicatorKind, Communicator>();
  const steps = stepsOf(plan, world.size).slice(plan.skip);
  for (const [i, { kind, test }] of steps.entries()) {
    const started = performance.now();
    const { signal, clear } = deadline(test.deadlineMs ?? plan.deadlineMs, stop);
    const outcome = (result: Pick<RankReport, 'outcome' | 'error' | 'pending'>): void =>
      report({ rank: world.rank, kind, name: test.name, ms: performance.now() - started, ...result });
    let where = `world rank ${world.rank}`;
    try {
      const comm = made.get(kind) ?? (await within(signal, `${where}: making ${kind}`, communicatorOf(world, kind)));
      made.set(kind, comm);
      where = `rank ${comm.rank} of ${comm.size} (${kind})`;
      const applicable = applies(test, kind, comm.size, plan.capabilities);
      if (applicable) {
        await within(signal, where, test.run(comm, makeTools(where, signal, plan.capabilities)));
      }
      await within(signal, `${where}: waiting for the other ranks to end the case`, control.barrier());
      const left = applicable ? comm.iprobe() : undefined;
      if (left) {
        throw new CheckFailed(`${where}: a message was left behind: source ${left.source}, tag ${left.tag}`);
      }
      // Nobody looks for what was left behind on a communicator that another rank has begun the next case on, or has left for good.
      // Where the next case has another communicator, the barrier at its end is soon enough.
      const next = steps[i + 1];
      if (next === undefined || next.kind === kind) {
        await within(signal, `${where}: waiting for the other ranks to find nothing left behind`, control.barrier());
      }
      outcome({ outcome: applicable ? 'passed' : 'not-applicable' });
    } catch (error) {
      outcome({
        outcome: 'failed',
        error: errorText(error),
        pending: pendingOf(world),
      });
      // Until the time is up, so that each peer can report what it waits for.
      if (!signal.aborted) await once(signal, 'abort');
      return false;
    } finally {
      clear();
    }
  }
  for (const [kind, comm] of made) if (kind !== 'world') await comm.free();
  await control.free();
  return true;
}
