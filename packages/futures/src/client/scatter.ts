import { type EncodedValue, type FutureNumber, INLINE_BYTES } from '../protocol/index.ts';
import type { ClientCore } from './core.ts';
import { encodeFor } from './encoding.ts';
import { Future } from './future.ts';
import type { FutureState } from './future-state.ts';
import { shortHash } from './keys.ts';
import { checkWorkers, type SubmitOptions, whole, workerList } from './options.ts';

export interface ScatterOptions {
  /** Workers that may get the data. Default all; inside a task its own, unless `broadcast` is given. */
  readonly workers?: SubmitOptions['workers'];
  /** Copies of each value; true: on every worker. Default 1. */
  readonly broadcast?: boolean | number | undefined;
  /** Values of equal content are one future. Default true. */
  readonly hash?: boolean | undefined;
}

interface Encoded {
  readonly segments: EncodedValue;
  readonly bytes: number;
  readonly type: string;
  readonly key: string | undefined;
}

const all = new WeakMap<ClientCore, Scattering>();

/** Data of this process as futures. */
export class Scattering {
  readonly #core: ClientCore;
  /** Values whose place the scheduler has not told yet. */
  readonly #unplaced = new Map<FutureNumber, EncodedValue>();

  /** The client's one. */
  static of(core: ClientCore): Scattering {
    let scattering = all.get(core);
    if (scattering === undefined) {
      scattering = new Scattering(core);
      all.set(core, scattering);
    }
    return scattering;
  }

  private constructor(core: ClientCore) {
    this.#core = core;
    core.onPlace = ({ numbers, tasks, ranks }) => {
      numbers.forEach((number, i) => {
        const value = this.#unplaced.get(number);
        if (value === undefined) return;
        for (const rank of ranks[i]!) core.link.put(rank, { kind: 'put', tasks: [tasks[i]!], values: [value] });
        this.#placed(core.stateOf(number));
      });
    };
  }

  scatter(values: readonly unknown[], { workers, broadcast, hash = true }: ScatterOptions): Future<unknown>[] {
    const core = this.#core;
    core.checkOpen('scatter');
    // Inside a task, data stays on its worker.
    const own = broadcast === undefined ? core.link.worker : undefined;
    const chosen = workerList(workers ?? own, 'scatter');
    checkWorkers(chosen, core.link, 'scatter');
    if (typeof broadcast !== 'boolean') whole('scatter', 'broadcast', broadcast, 1);
    const futures: Future<unknown>[] = [];
    const fresh: { readonly state: FutureState; readonly value: Encoded }[] = [];
    for (const value of values.map((one) => encoded(one, hash))) {
      const known = value.key === undefined ? undefined : core.known(value.key);
      const state = known ?? core.create(value.key, value.type);
      if (known === undefined) fresh.push({ state, value });
      futures.push(new Future(core, state));
    }
    if (fresh.length === 0) return futures;
    // Small values stay with the scheduler, where every task has them, unless the caller says who is to have them.
    const placed = workers !== undefined || (broadcast !== undefined && broadcast !== false);
    const inline = !placed && fresh.every(({ value }) => value.bytes <= INLINE_BYTES && value.segments.length === 1);
    core.link.send({
      kind: 'scatter',
      client: core.local,
      first: fresh[0]!.state.number,
      nbytes: fresh.map(({ value }) => value.bytes),
      types: fresh.map(({ value }) => value.type),
      ...(hash && { keys: fresh.map(({ value }) => value.key!) }),
      data: inline
        ? { at: 'inline', values: fresh.map(({ value }) => value.segments[0]!) }
        : {
            at: 'client',
            ...(chosen && { workers: chosen }),
            ...(broadcast !== undefined && broadcast !== false && { broadcast }),
          },
    });
    if (inline) return futures;
    for (const { state, value } of fresh) {
      this.#unplaced.set(state.number, value.segments);
      // Somebody may have been promised the value, though nobody here needs the future any more.
      core.retain(state);
      // Settled without having been placed: cancelled, or another client had it.
      state.watch(() => this.#placed(state));
    }
    return futures;
  }

  #placed(state: FutureState): void {
    if (this.#unplaced.delete(state.number)) this.#core.release(state);
  }
}

function encoded(value: unknown, hash: boolean): Encoded {
  const segments = encodeFor(value, 'scatter').segments.map((segment, i) => (i === 0 ? segment : segment.slice()));
  const type = typeof value === 'object' && value !== null ? (value.constructor?.name ?? 'object') : typeof value;
  return {
    segments,
    bytes: segments.reduce((sum, { length }) => sum + length, 0),
    type,
    key: hash
      ? `${type}-${shortHash([Buffer.from(segments.map(({ length }) => length).join()), ...segments])}`
      : undefined,
  };
}
