import type { Location, Rank, Replicate, TaskId, WorkerRecord } from '../protocol/index.ts';
import { actorOf, encodeWithHolds } from '../values/index.ts';
import type { Run } from './run.ts';
import type { Arrivals } from './store/arrivals.ts';
import type { DataStore } from './store/data-store.ts';
import { SharedValue } from './threads/shared-value.ts';

/** The value of one location, found when first asked for; `holder`: who should have had it. */
type Found = SharedValue | { readonly missing: TaskId; readonly holder: Rank };
type Locate = (index: number) => Found | Promise<Found>;

/** Brings the values that runs depend on to this rank. */
export class Dependencies {
  readonly #rank: Rank;
  readonly #store: DataStore;
  readonly #arrivals: Arrivals;
  readonly #report: (record: WorkerRecord) => void;
  /** Copies on their way that are to be stored here. */
  readonly #expected = new Set<TaskId>();

  constructor(rank: Rank, store: DataStore, arrivals: Arrivals, report: (record: WorkerRecord) => void) {
    this.#rank = rank;
    this.#store = store;
    this.#arrivals = arrivals;
    this.#report = report;
  }

  /** How to find the values of one order's locations: each once. */
  locations(locations: readonly Location[]): Locate {
    const found: (Found | Promise<Found>)[] = [];
    return (index) => {
      found[index] ??= this.#locate(locations[index]!);
      return found[index];
    };
  }

  /** Gives the run its dependencies, then says it is ready; or reports one that is missing and says it is over. */
  collect(run: Run, wanted: readonly number[], locate: Locate, ready: () => void, over: () => void): void {
    run.state = 'fetching';
    const settle = (values: readonly Found[]): void => {
      if (run.state !== 'fetching' || run.cancelled) return;
      const lacking = values.find((value) => !(value instanceof SharedValue));
      if (lacking === undefined || lacking instanceof SharedValue) {
        run.depend(values as readonly SharedValue[]);
        ready();
        return;
      }
      over();
      run.end();
      const { missing, holder } = lacking;
      this.#report({ kind: 'missing-dependency', task: run.task, run: run.run, missing, holder });
    };
    const values = wanted.map(locate);
    if (values.some((value) => value instanceof Promise)) void Promise.all(values).then(settle);
    else settle(values as Found[]);
  }

  replicate({ tasks, nbytes, holders }: Replicate): void {
    tasks.forEach((task, i) => {
      void this.#locate({ task, nbytes: nbytes[i]!, holders: holders[i]! }).then((found) => {
        if (!(found instanceof SharedValue)) this.#report({ kind: 'evicted', tasks: [task] });
      });
    });
  }

  /** Copies of these that are on their way are not to be kept. */
  free(first: TaskId, count: number): void {
    for (const task of this.#expected) if (task >= first && task < first + count) this.#expected.delete(task);
  }

  #locate(location: Extract<Location, { holders: unknown }>): Promise<Found>;
  #locate(location: Location): Found | Promise<Found>;
  #locate(location: Location): Found | Promise<Found> {
    if ('value' in location) return new SharedValue([location.value]);
    const { task, holders, actor } = location;
    if (!actor) return this.#fetch(location);
    const [holder = this.#rank] = holders;
    return new SharedValue(encodeWithHolds(actorOf({ task, holder })).segments);
  }

  async #fetch({ task, nbytes, holders }: Extract<Location, { holders: unknown }>): Promise<Found> {
    const here = await this.#store.share(task);
    if (here !== undefined) return here;
    const others = holders.filter((holder) => holder !== this.#rank);
    const holder = others[Math.floor(Math.random() * others.length)];
    if (holder === undefined) return { missing: task, holder: this.#rank };
    const first = !this.#expected.has(task);
    this.#expected.add(task);
    const value = await this.#arrivals.fetch(holder, task, nbytes);
    if (value === undefined) {
      if (first) this.#expected.delete(task);
      return { missing: task, holder };
    }
    // Stored by whoever is first; freed meanwhile, it is for this run only.
    if (this.#expected.delete(task)) {
      this.#report({ kind: 'fetched', tasks: [task], nbytes: [this.#store.put(task, value)] });
    }
    return (await this.#store.share(task)) ?? new SharedValue(value);
  }
}
