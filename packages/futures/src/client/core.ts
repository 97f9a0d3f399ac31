import { cancelled } from '@par/comm-core';
import {
  type Answers,
  type Call,
  type ClientId,
  clientId,
  type EncodedValue,
  type FutureReference,
  type HeldValue,
  type ReceivedValue,
  type ToClient,
} from '../protocol/index.ts';
import { decodeValue } from '../values/index.ts';
import { encodeFor } from './encoding.ts';
import { FuturesError } from './errors.ts';
import { Fetcher, type StoredOutcome } from './fetch.ts';
import { ShippedFunctions } from './functions.ts';
import { type CancelOptions, Future } from './future.ts';
import type { FutureState } from './future-state.ts';
import { FutureTable } from './future-table.ts';
import { decodingFor } from './imported.ts';
import type { ClientLink, LinkListener } from './link.ts';
import { type Outcome, PENDING } from './outcome.ts';
import { toRanges } from './ranges.ts';
import { TaskHoldings } from './task-holdings.ts';
import { Turning } from './turning.ts';

interface Asked {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

type AnswerOf<M extends string> = M extends keyof Answers ? Answers[M] : undefined;
type PlaceListener = (record: Extract<ToClient, { readonly kind: 'place' }>) => void;
type EventListener = (record: Extract<ToClient, { readonly kind: 'event' }>) => void;

/** One client's futures and its conversation with the scheduler. */
export class ClientCore implements LinkListener {
  readonly link: ClientLink;
  readonly local: number;
  readonly id: ClientId;
  readonly functions = new ShippedFunctions();
  readonly #fetcher: Fetcher;
  readonly #futures = new FutureTable();
  readonly #turning = new Turning();
  readonly #holdings = new TaskHoldings();
  readonly #asked = new Map<number, Asked>();
  readonly #closed = Promise.withResolvers<void>();
  #requests = 0;
  #generation = 0;
  #unique = 0;
  #releasing: number[] = [];
  #ended: Error | undefined;
  /** Bytes of arguments and captured values above which a submission warns. */
  largeBytes = 10_000_000;
  /** Results that are here stay when the client ends. */
  keepsResults = false;
  onPlace: PlaceListener = () => {};
  onEvent: EventListener = () => {};

  constructor(link: ClientLink, name: string | undefined) {
    this.link = link;
    this.#fetcher = new Fetcher(link);
    this.local = link.open(this);
    this.id = clientId(link.rank, this.local);
    link.send({ kind: 'open-client', client: this.local, ...(name !== undefined && { name }) });
  }

  /** Throws PAR_CLIENT_CLOSED, PAR_SCHEDULER_LOST. */
  checkOpen(operation: string): void {
    if (this.#ended !== undefined) {
      const { code, message } = this.#ended as FuturesError;
      throw new FuturesError(code, `${operation}: ${message}`, { cause: this.#ended });
    }
  }

  get ended(): boolean {
    return this.#ended !== undefined;
  }

  /** Resolves when the scheduler is gone, or has closed this client. */
  get over(): Promise<void> {
    return this.#closed.promise;
  }

  /** Asks for the end of the cluster without waiting for an answer. */
  shutdownNow(): void {
    this.tell({ method: 'shutdown' });
  }

  /** A call whose answer nobody needs. */
  tell(call: Call): void {
    if (this.#ended === undefined)
      this.link.send({ kind: 'request', client: this.local, request: this.#requests++, call });
  }

  nextGeneration(): number {
    return this.#generation++;
  }

  nextUnique(): number {
    return this.#unique++;
  }

  /** The state of one of this client's numbers. */
  stateOf(number: number): FutureState {
    return this.#futures.at(number)!;
  }

  known(key: string): FutureState | undefined {
    return this.#futures.known(key);
  }

  /** A state under the client's next number. */
  create(key: string | undefined, name: string): FutureState {
    return this.#futures.create(key, name);
  }

  /** A future that came inside a value the scheduler did not look into. */
  import(from: FutureReference): Future<unknown> {
    const own = from.client === this.id ? this.#futures.at(from.number) : undefined;
    if (own !== undefined) return new Future(this, own);
    const state = this.create(undefined, 'future');
    this.link.send({ kind: 'import', client: this.local, number: state.number, from });
    return new Future(this, state);
  }

  /** One more handle of it; one that a task's code made goes when the task ends. */
  hold(state: FutureState, task: object | undefined): void {
    this.retain(state);
    if (task !== undefined) this.#holdings.add(task, state);
  }

  /** The handle goes. */
  letGo(state: FutureState, task: object | undefined): void {
    if (task === undefined || this.#holdings.remove(task, state)) this.release(state);
  }

  taskEnded(task: object): void {
    for (const [state, count] of this.#holdings.end(task)) {
      for (let i = 0; i < count; i++) this.release(state);
      if (state.references > 0 || !state.pending) continue;
      state.settle({
        status: 'cancelled',
        reason: 'released',
        message: 'the task that made the future has ended',
      });
    }
  }

  retain(state: FutureState): void {
    state.references += 1;
  }

  release(state: FutureState): void {
    state.references -= 1;
    if (state.references > 0 || this.#ended !== undefined) return;
    this.#futures.remove(state);
    if (this.#releasing.length === 0) queueMicrotask(() => this.#sendReleases());
    this.#releasing.push(state.number);
  }

  /** A script begins to wait for results. Every call has its `awaited`. */
  await(): void {
    this.link.hold();
    if (this.link.worker === undefined) this.#turning.begin(this.#futures.pending);
  }

  awaited(): void {
    this.link.release();
    this.#turning.end();
  }

  cancel(states: readonly FutureState[], { force, message }: CancelOptions): void {
    this.checkOpen('cancel');
    const numbers = states.map(({ number }) => number);
    this.link.send({
      kind: 'cancel',
      client: this.local,
      numbers,
      ...(force && { force }),
      ...(message !== undefined && { message }),
    });
    for (const state of states) {
      if (state.outcome.status !== 'cancelled')
        this.#futures.settle(state, { status: 'cancelled', reason: 'requested', message });
    }
  }

  /** Cancels those of the tasks that no worker was given. The others go on. */
  cancelWaiting(states: readonly FutureState[]): void {
    if (this.#ended !== undefined) return;
    this.link.send({
      kind: 'cancel',
      client: this.local,
      numbers: states.map(({ number }) => number),
      waiting: true,
    });
  }

  retry(states: readonly FutureState[]): void {
    this.checkOpen('retry');
    const failed = states.filter(({ outcome }) => outcome.status === 'error');
    if (failed.length === 0) return;
    this.link.send({ kind: 'retry', client: this.local, numbers: failed.map(({ number }) => number) });
    for (const state of failed) this.#futures.settle(state, PENDING);
  }

  /** Asks the scheduler. Rejects with its code, PAR_TIMEOUT or PAR_CANCELLED. */
  async request<C extends Call>(call: C, signal?: AbortSignal): Promise<AnswerOf<C['method']>> {
    const what = call.method.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
    this.checkOpen(what);
    if (signal?.aborted) throw cancelled(signal, what);
    const request = this.#requests++;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#asked.set(request, { resolve, reject });
    const withdraw = (): void => this.link.send({ kind: 'withdraw', client: this.local, request });
    signal?.addEventListener('abort', withdraw, { once: true });
    this.link.hold();
    this.link.send({ kind: 'request', client: this.local, request, call });
    try {
      return (await promise) as AnswerOf<C['method']>;
    } catch (error) {
      if (signal?.aborted && (error as FuturesError).code === 'PAR_TIMEOUT') throw cancelled(signal, what);
      throw error;
    } finally {
      signal?.removeEventListener('abort', withdraw);
      this.link.release();
    }
  }

  /** The value of a stored result; undefined when it has to be waited for anew. */
  async fetch(state: FutureState, outcome: StoredOutcome, signal?: AbortSignal): Promise<EncodedValue | undefined> {
    const { holders } = outcome;
    const holder = holders[state.number % holders.length]!;
    const value = await this.#fetcher.fetch(holder, outcome.task, outcome.nbytes, signal);
    if (value !== undefined) return value;
    // Other waiters may have found out already.
    if (state.outcome === outcome) {
      this.#futures.settle(state, PENDING);
      this.link.send({ kind: 'missing', client: this.local, number: state.number, holder });
    }
    return undefined;
  }

  /** A result; futures inside become this client's. The segments may be decoded again. */
  decode(value: EncodedValue): unknown {
    return this.take(value.map((segment, i) => (i === 0 ? segment : segment.slice())));
  }

  /** A result whose segments nobody else has: their memory becomes that of its arrays. */
  take(value: EncodedValue): unknown {
    return decodingFor(
      (reference) => this.import(reference),
      () => decodeValue(value),
    );
  }

  /** A value out of an answer, whose futures the scheduler has numbered. */
  received({ value, references }: ReceivedValue): unknown {
    const numbers = new Map(references.map(({ number, from }) => [`${from.client} ${from.number}`, number]));
    return decodingFor(
      ({ client, number }) => {
        const given = numbers.get(`${client} ${number}`);
        if (given === undefined) return this.import({ client, number });
        return new Future(this, this.#futures.at(given) ?? this.#futures.adopt(given));
      },
      () => decodeValue(value),
    );
  }

  /** A value to leave with the scheduler, and this client's futures in it. Throws PAR_FOREIGN_FUTURE. */
  held(value: unknown, operation: string): HeldValue {
    const { segments, holds } = encodeFor(value, operation);
    const numbers = holds.map(({ client, number }) => {
      if (client === this.id) return number;
      throw new FuturesError('PAR_FOREIGN_FUTURE', `${operation}: the value holds a future of another client`);
    });
    return {
      value: segments.map((segment, i) => (i === 0 ? segment : segment.slice())),
      ...(numbers.length > 0 && { holds: numbers }),
    };
  }

  /** Drops all futures. They are cancelled from now on; further calls are refused. */
  async close(): Promise<void> {
    if (this.#ended !== undefined) return;
    this.link.hold();
    this.link.send({ kind: 'close-client', client: this.local });
    this.#end(new FuturesError('PAR_CLIENT_CLOSED', 'the client was closed; make a new Client'));
    await this.#closed.promise;
    this.link.release();
    this.link.close(this.local);
  }

  lost(cause: Error): void {
    this.#closed.resolve();
    this.#end(new FuturesError('PAR_SCHEDULER_LOST', `lost connection to the scheduler: ${cause.message}`, { cause }));
  }

  receivedRecord(record: ToClient): void {
    switch (record.kind) {
      case 'results': {
        const { bytes, ends } = record.values;
        record.numbers.forEach((number, i) => {
          this.#to(number, { status: 'finished', at: 'here', value: bytes.subarray(ends[i - 1] ?? 0, ends[i]) });
        });
        break;
      }
      case 'stored':
        record.numbers.forEach((number, i) => {
          this.#to(number, {
            status: 'finished',
            at: 'workers',
            task: record.tasks[i]!,
            holders: record.holders[i]!,
            nbytes: record.nbytes[i]!,
            type: record.types[i]!,
            actor: record.actors?.[i] ?? false,
          });
        });
        break;
      case 'failed': {
        const { failure, blame, worker } = record;
        for (const number of record.numbers) this.#to(number, { status: 'error', failure, blame, worker });
        break;
      }
      case 'cancelled':
        for (const number of record.numbers) {
          this.#to(number, { status: 'cancelled', reason: record.reason, message: record.message });
        }
        break;
      case 'lost':
        for (const number of record.numbers) this.#to(number, PENDING);
        break;
      case 'answer': {
        const asked = this.#asked.get(record.request);
        this.#asked.delete(record.request);
        const { outcome } = record;
        if (outcome.ok) asked?.resolve(outcome.value);
        else asked?.reject(new FuturesError(outcome.code, outcome.message));
        break;
      }
      case 'place':
        this.onPlace(record);
        break;
      case 'event':
        this.onEvent(record);
        break;
      case 'closed':
        this.#closed.resolve();
        break;
      case 'stopped':
        this.#closed.resolve();
        this.#end(
          new FuturesError('PAR_SCHEDULER_LOST', 'lost connection to the scheduler: the cluster was shut down'),
        );
        break;
      case 'opened':
      case 'peer-lost':
      case 'peer-back':
        break;
    }
  }

  #to(number: number, outcome: Outcome): void {
    const futures = this.#futures;
    const state = futures.at(number);
    // What this client cancelled stays cancelled, whatever was on its way; and what it has brought home, it has.
    const fixed =
      state?.outcome.status === 'cancelled' || (state?.outcome as { at?: string } | undefined)?.at === 'home';
    if (state !== undefined && !fixed) futures.settle(state, outcome);
    else if (state === undefined && number < 0) futures.settle(futures.adopt(number), outcome);
  }

  #sendReleases(): void {
    const numbers = this.#releasing;
    this.#releasing = [];
    if (this.#ended === undefined) this.link.send({ kind: 'release', client: this.local, ranges: toRanges(numbers) });
  }

  #end(error: FuturesError): void {
    if (this.#ended !== undefined) return;
    this.#ended = error;
    for (const state of this.#futures.all()) {
      const { status, at } = state.outcome as { readonly status: string; readonly at?: string };
      const kept = this.keepsResults && status === 'finished' && at !== 'workers';
      if (status !== 'error' && !kept) state.settle({ status: 'cancelled', reason: 'closed', error });
    }
    this.#futures.clear();
    for (const asked of this.#asked.values()) asked.reject(error);
    this.#asked.clear();
  }
}
