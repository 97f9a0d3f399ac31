import { cancelled, ParError } from '@par/comm-core';
import { MpiError } from './errors.ts';
import { Lending } from './lending.ts';
import { type Slab, slabOf } from './messages/first-message.ts';
import { CANCELLED, type Native, SLAB_SLOTS, SMALL, STATUS, STRIDE, TRUNCATED, WINDOW } from './native.ts';

/** Operations that may complete in their calls, one after the other, before the loop gets a turn. */
const TURN = 256;
/** Bytes that count as one more of them: a large transfer takes as long as many small ones. */
const TURN_BYTES = 16_384;

const RESOLVED: Promise<void> = Promise.resolve();

/** What settled an operation: sender, tag and size for a receive, the slab slot of a value. */
export interface Outcome {
  readonly source: number;
  readonly tag: number;
  readonly bytes: number;
  readonly slot: number;
}

/** An operation MPI has not completed. It keeps the memory MPI reads or writes reachable. */
export interface Waiting {
  readonly kind: 'send' | 'receive' | 'collective';
  /** Whose operation it is: freeing that gives it up. */
  readonly owner: object;
  readonly memory: unknown;
  readonly since: number;
  /** For people, and the start of error messages: `recv source=1 tag=7`. */
  describe(): string;
  complete(outcome: Outcome): void;
  fail(error: unknown): void;
  /** MPI's error, turned into the one the caller gets. */
  errorOf?(error: MpiError, truncated: boolean, outcome: Outcome): Error;
  /** Set when the operation was given up: the error its promise gets if MPI can still cancel it. */
  givenUp?: Error;
  /** Settled before MPI was done with the memory. */
  settled?: boolean;
  /** Does not keep the process alive. */
  background?: boolean;
}

/** Of an operation that MPI's end has overtaken. */
export function ended(what: string): ParError {
  return new ParError('PAR_FREED', `${what}: MPI has ended`);
}

/** Completes operations: at once where possible, otherwise by polling MPI from the event loop (DESIGN §5). */
export class Progress {
  readonly native: Native;
  /** MPI has ended, or is about to: nothing may be asked of it any more. */
  stopped = false;
  readonly status: Int32Array = new Int32Array(8);
  readonly statusBytes: Float64Array = new Float64Array(1);
  readonly slabs: Slab[] = [];
  readonly #done = new Int32Array(STRIDE * WINDOW);
  readonly #doneBytes = new Float64Array(WINDOW);
  readonly #waiting: (Waiting | undefined)[] = [];
  readonly #completed: (Waiting | undefined)[] = [];
  readonly #probes = new Set<() => boolean>();
  readonly #holders = new Set<object>();
  readonly #lending: Lending;
  #background = false;
  #state: 'idle' | 'turning' | 'sleeping' = 'idle';
  #turn = TURN;
  #sleep: NodeJS.Timeout | undefined;

  constructor(native: Native) {
    this.native = native;
    this.#lending = new Lending(native);
    native.share(this.status, this.statusBytes, this.#done, this.#doneBytes);
  }

  /** The promise of an operation without result that is complete already. */
  done(): Promise<void> {
    return --this.#turn > 0 ? RESOLVED : this.#nextTurn(undefined);
  }

  /** The promise of an operation that is complete already. Every now and then it lets the loop turn first. */
  now<T>(value: T, bytes: number): Promise<T> {
    this.#turn -= bytes < TURN_BYTES ? 1 : 1 + bytes / TURN_BYTES;
    return this.#turn > 0 ? Promise.resolve(value) : this.#nextTurn(value);
  }

  #nextTurn<T>(value: T): Promise<T> {
    this.#turn = TURN;
    return new Promise((resolve) => setImmediate(resolve, value));
  }

  /** Has the loop complete this operation. */
  wait(slot: number, operation: Waiting): void {
    this.#waiting[slot] = operation;
    this.#lending.lend(operation.memory);
    if (this.#background) {
      operation.background = true;
      this.native.background(slot);
    } else {
      this.#start();
    }
  }

  /** Operations started by `start` do not keep the process alive. */
  inBackground<T>(start: () => Promise<T>): Promise<T> {
    this.#background = true;
    try {
      return start();
    } finally {
      this.#background = false;
    }
  }

  /** Something is awaited that a background operation brings: keeps polling until the same holder releases it. */
  hold(holder: object): void {
    this.#holders.add(holder);
    this.native.touch();
    this.#start();
  }

  release(holder: object): void {
    this.#holders.delete(holder);
  }

  /** Calls `probe` on every poll until it gives true. */
  probe(probe: () => boolean): void {
    this.#probes.add(probe);
    this.native.touch();
    this.#start();
  }

  /** Makes `error` the fate of a pending operation, once MPI has let go of its memory where it can. */
  giveUp(slot: number, operation: Waiting, error: Error): void {
    if (this.#waiting[slot] !== operation || operation.givenUp) return;
    operation.givenUp = error;
    if (operation.kind === 'receive') {
      this.native.cancel(slot);
      this.native.touch();
      this.#start();
    } else {
      // MPI cannot take back a send or a collective: its promise ends, its memory stays with MPI.
      operation.settled = true;
      operation.background = true;
      this.native.background(slot);
      operation.fail(error);
    }
  }

  /** Rejects when the signal fires before the operation is complete. */
  watch(slot: number, operation: Waiting, signal: AbortSignal | undefined): void {
    if (!signal) return;
    const abort = (): void => this.giveUp(slot, operation, cancelled(signal, operation.describe()));
    signal.addEventListener('abort', abort, { once: true });
    const { complete, fail } = operation;
    operation.complete = (outcome) => {
      signal.removeEventListener('abort', abort);
      complete.call(operation, outcome);
    };
    operation.fail = (error) => {
      signal.removeEventListener('abort', abort);
      fail.call(operation, error);
    };
  }

  /** Pending operations, of one owner or all. */
  *operations(owner?: object): Generator<[slot: number, operation: Waiting]> {
    for (let slot = 0; slot < this.#waiting.length; slot++) {
      const operation = this.#waiting[slot];
      if (operation && (owner === undefined || operation.owner === owner)) yield [slot, operation];
    }
  }

  /** Gives up all receives; resolves once MPI has completed or cancelled each. */
  endReceives(errorOf: (what: string) => Error): Promise<void> {
    for (const [slot, operation] of this.operations()) {
      if (operation.kind === 'receive') this.giveUp(slot, operation, errorOf(operation.describe()));
    }
    const ended = (): boolean => ![...this.operations()].some(([, operation]) => operation.kind === 'receive');
    return new Promise((resolve) => {
      this.probe(() => {
        if (ended()) resolve();
        return ended();
      });
    });
  }

  /** Polls no more: MPI is about to end. */
  stop(): void {
    this.stopped = true;
    clearTimeout(this.#sleep);
    for (const [, operation] of this.operations()) {
      if (!operation.settled) operation.fail(ended(operation.describe()));
    }
    this.#waiting.length = 0;
    this.#lending.giveAllBack();
  }

  /** The error of a call that failed, as `status` has it. */
  failure(operation: string): MpiError {
    return this.errorOf(this.status[STATUS.error]!, operation).error;
  }

  errorOf(code: number, operation: string): { error: MpiError; truncated: boolean } {
    if (code === TRUNCATED)
      return { error: new MpiError('MPI_ERR_TRUNCATE', operation, 'message truncated'), truncated: true };
    const { errorClass, text, truncated } = this.native.describe(code);
    return { error: new MpiError(errorClass, operation, text), truncated };
  }

  addSlab(): void {
    const slab = slabOf(SLAB_SLOTS * SMALL);
    this.slabs.push(slab);
    this.native.addSlab(slab.bytes);
  }

  #start(): void {
    if (this.#state === 'turning' || this.stopped) return;
    clearTimeout(this.#sleep);
    this.#state = 'turning';
    setImmediate(this.#poll);
  }

  readonly #poll = (): void => {
    if (this.stopped) return;
    const found = this.native.poll(this.#probes.size + this.#holders.size > 0);
    const next = this.status[STATUS.next]!;
    // Whatever the completions start finds the loop turning.
    this.#state = 'turning';
    // All are taken out before any settles: what that starts may get the number of one still to come.
    const completed = this.#completed;
    for (let i = 0; i < found; i++) {
      const slot = this.#done[i * STRIDE]!;
      completed[i] = this.#waiting[slot];
      this.#waiting[slot] = undefined;
    }
    for (let i = 0; i < found; i++) this.#settle(i, completed[i]);
    for (const probe of this.#probes) if (probe()) this.#probes.delete(probe);
    this.#turn = TURN;
    if (next === 1 || found > 0) {
      setImmediate(this.#poll);
    } else if (next === 0) {
      this.#state = 'idle';
    } else {
      this.#state = 'sleeping';
      this.#sleep = setTimeout(this.#poll, next / 1000);
    }
  };

  #settle(i: number, operation: Waiting | undefined): void {
    const at = i * STRIDE;
    this.#completed[i] = undefined;
    const place = this.#done[at + 4]!;
    const error = this.#done[at + 3]!;
    const outcome = {
      source: this.#done[at + 1]!,
      tag: this.#done[at + 2]!,
      bytes: this.#doneBytes[i]!,
      slot: place,
    };
    if (!operation)
      throw new ParError('PAR_PROTOCOL', `MPI completed operation ${this.#done[at]}, which nobody waits for`);
    this.#lending.giveBack(operation.memory);
    try {
      if (operation.settled) return;
      if (error === 0) operation.complete(outcome);
      else if (error === CANCELLED) operation.fail(operation.givenUp);
      else {
        const failure = this.errorOf(error, operation.describe());
        operation.fail(operation.errorOf?.(failure.error, failure.truncated, outcome) ?? failure.error);
      }
    } finally {
      if (place >= 0) this.native.giveSlot(place);
    }
  }
}
