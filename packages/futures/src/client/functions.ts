import { ArgumentTypeError } from '@par/comm-core';
import { type CaptureOptions, capture } from '../closures/index.ts';
import type { FunctionDescription } from '../protocol/index.ts';
import { encodeWithHolds } from '../values/index.ts';
import { ErrorClasses, isErrorClass } from './error-classes.ts';
import { Future } from './future.ts';

/** A function or class that tasks run. */
export type Callable = (...args: never[]) => unknown;
export type Class = abstract new (...args: never[]) => unknown;

export interface Shipped {
  readonly hash: string;
  readonly name: string;
  readonly fn: FunctionDescription;
}

/** Functions of one client: captured when submitted, described to the scheduler once per content. */
export class ShippedFunctions {
  readonly errorClasses = new ErrorClasses();
  readonly #described = new Set<string>();
  readonly #encoded = new WeakMap<object, Shipped>();
  readonly #hooks: CaptureOptions = { refuse: (value) => this.#refuse(value) };

  /** Throws PAR_ARGUMENT for what is no function, PAR_NOT_SHIPPABLE for one that cannot leave this process. */
  capture(fn: Callable | Class, operation: string): Shipped {
    if (typeof fn !== 'function') {
      const what = (fn as unknown) instanceof Future ? 'a Future' : fn === null ? 'null' : typeof fn;
      throw new ArgumentTypeError(
        'PAR_ARGUMENT',
        `${operation}: the first argument is ${what}, but must be the function to run; pass the function itself, not its result`,
      );
    }
    const description = capture(fn as Callable, this.#hooks);
    const known = this.#encoded.get(description);
    if (known !== undefined) return known;
    const { values, ...rest } = description;
    const shipped = {
      hash: description.hash,
      name: description.name || 'anonymous',
      fn: { description: { ...rest, values: [] }, values: encodeWithHolds(values).segments },
    };
    this.#encoded.set(description, shipped);
    return shipped;
  }

  /** Whether the scheduler must be told of it first; from now on it has been. */
  isNew({ hash }: Shipped): boolean {
    return this.#described.size !== this.#described.add(hash).size;
  }

  #refuse(value: object): ReturnType<NonNullable<CaptureOptions['refuse']>> {
    if (typeof value === 'function') {
      if (isErrorClass(value)) this.errorClasses.captured(value);
      return undefined;
    }
    if (value instanceof Future) {
      return { reason: 'a Future', remedy: 'Pass it as an argument of the task, which then gets its value' };
    }
    const { allreduceInto, sendrecvInto, processorName } = value as Readonly<Record<string, unknown>>;
    if (typeof allreduceInto === 'function' && typeof sendrecvInto === 'function' && processorName !== undefined) {
      return 'a Communicator, which belongs to its rank';
    }
    return UNSHIPPABLE.get(Object.getPrototypeOf(value) as object);
  }
}

/** Prototypes of this package's own objects that stay in their process, with what to call them. */
const UNSHIPPABLE = new Map<object, string>();

export function stays(prototype: object, what: string): void {
  UNSHIPPABLE.set(prototype, what);
}
