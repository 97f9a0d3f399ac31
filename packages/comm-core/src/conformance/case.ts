import { CHECKING } from '../collectives/agreement.ts';
import type { Communicator } from '../comm/communicator.ts';
import type { ParErrorCode } from '../errors.ts';
import type { Capabilities } from '../transport/index.ts';

/** Communicators every case is run on: the world, a duplicate, its odd and even ranks in reverse, each rank alone. */
export const COMMUNICATORS = ['world', 'dup', 'split', 'self'] as const;
export type CommunicatorKind = (typeof COMMUNICATORS)[number];

/** What a case may ask of the run: a deadline, and checks whose failure names what was checked. */
export interface Tools {
  /** Fires when the case's time is up. */
  readonly signal: AbortSignal;
  readonly capabilities: Capabilities;
  /** Deep, strict equality: types of arrays and prototypes count. */
  equal(actual: unknown, expected: unknown, what: string): void;
  ok(condition: unknown, what: string): void;
  /** The promise rejects with one of these codes; gives the error. */
  rejects(promise: Promise<unknown>, codes: ParErrorCode | readonly ParErrorCode[], what: string): Promise<Error>;
  /** The call is refused as a TypeError or RangeError of this code, thrown or rejected, before anything is sent. */
  refuses(call: () => unknown, codes: ParErrorCode | readonly ParErrorCode[], what: string): Promise<void>;
  /** The promise has not settled, even after every callback that is due has run. */
  unsettled(promise: Promise<unknown>, what: string): Promise<void>;
}

/** One behaviour, executed by every rank of the communicator at once. It leaves no message and no communicator behind. */
export interface ConformanceCase {
  readonly name: string;
  /** Smallest communicator it says something about. Default 1. */
  readonly minSize?: number;
  /** Sizes it is run at, where running it at all would take too long. */
  readonly sizes?: readonly number[];
  /** Communicators it is run on. Default all. */
  readonly on?: readonly CommunicatorKind[];
  /** Transports without this capability do not promise the behaviour. */
  readonly requires?: keyof Capabilities;
  /** Only where ranks compare their collectives: in jobs with PAR_DEBUG=1. */
  readonly checking?: true;
  /** Milliseconds until the case counts as hanging, in place of the run's own. */
  readonly deadlineMs?: number;
  run(comm: Communicator, t: Tools): Promise<void>;
}

/**
 * Which communicators a case is run on at one size of the job. `in turn`: on the world, on a duplicate or the split one
 * (beyond 5 ranks every other time), now and then on each rank alone; neighbouring cases and sizes differ, so every case
 * meets every kind at some sizes, and every size has every kind.
 */
export type Coverage = 'all' | 'in turn';

/** The kinds that case number `index` is run on in a job of `size` ranks. */
export function kindsAt(coverage: Coverage, index: number, size: number): CommunicatorKind[] {
  const turn = index + size;
  if (coverage === 'all') return [...COMMUNICATORS];
  const period = size <= 5 ? 2 : 4;
  const isDue = {
    world: true,
    dup: turn % period === 1,
    split: (turn + period / 2) % period === 1,
    self: turn % 3 === 0,
  };
  return COMMUNICATORS.filter((kind) => isDue[kind]);
}

/** Whether the case is run on a communicator of this kind and size. */
export function applies(
  test: ConformanceCase,
  kind: CommunicatorKind,
  size: number,
  capabilities: Capabilities,
): boolean {
  return (
    size >= (test.minSize ?? 1) &&
    (test.sizes === undefined || test.sizes.includes(size)) &&
    (test.checking === undefined || CHECKING) &&
    (test.on === undefined || test.on.includes(kind)) &&
    (test.requires === undefined || capabilities[test.requires])
  );
}

/** Sizes of the communicators of a kind made from a world of `size` ranks. */
export function sizesOf(kind: CommunicatorKind, size: number): number[] {
  if (kind === 'self') return [1];
  if (kind !== 'split') return [size];
  return size === 1 ? [1] : [Math.ceil(size / 2), Math.floor(size / 2)];
}
