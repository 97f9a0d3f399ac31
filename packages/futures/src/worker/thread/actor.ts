import type { CallOutcome } from '../../protocol/index.ts';
import { decodeValue } from '../../values/index.ts';
import { DeserializationError } from '../errors.ts';
import { failureOf } from '../failure.ts';
import { encodedResult } from '../result.ts';
import type { ActorOrder, ThreadData, ThreadReport } from '../threads/messages.ts';
import { running } from './context.ts';
import type { ThreadTask } from './task.ts';

/** The instance in a thread of its own. Methods start in the order of their calls; asynchronous ones interleave. */
export class Actor {
  readonly #task: ThreadTask;
  readonly #instance: object;
  readonly #data: ThreadData;
  readonly #post: (report: ThreadReport) => void;

  constructor(task: ThreadTask, instance: object, data: ThreadData, post: (report: ThreadReport) => void) {
    this.#task = task;
    this.#instance = instance;
    this.#data = data;
    this.#post = post;
  }

  call(order: ActorOrder): void {
    const answer = (outcome: CallOutcome): void => {
      this.#task.link.flush();
      this.#post({ kind: 'actor-result', call: order.call, outcome });
    };
    const fail = (error: unknown): void => {
      const key = `${this.#task.key}.${order.method}`;
      const origin = { key, rank: this.#data.rank, host: this.#data.host };
      answer({ ok: false, failure: failureOf(error, origin, callTheActor.name) });
    };
    let result: unknown;
    try {
      result = running.run(this.#task, callTheActor, this.#instance, order, this.#argumentsOf(order));
    } catch (error) {
      fail(error);
      return;
    }
    Promise.resolve(result)
      .then((value) => answer({ ok: true, value: encodedResult(value, `${this.#task.key}.${order.method}`).segments }))
      .catch(fail);
  }

  #argumentsOf({ args, method }: ActorOrder): unknown[] {
    try {
      return decodeValue(args) as unknown[];
    } catch (error) {
      throw new DeserializationError(`${this.#task.key}.${method}`, 'the arguments', error);
    }
  }
}

/** Where the stacks of methods end. */
function callTheActor(instance: object, { access, method }: ActorOrder, args: unknown[]): unknown {
  if (access === 'get') return Reflect.get(instance, method);
  if (access === 'set') {
    Reflect.set(instance, method, args[0]);
    return undefined;
  }
  const fn: unknown = Reflect.get(instance, method);
  if (typeof fn !== 'function') {
    throw new TypeError(`the actor (${instance.constructor.name}) has no method '${method}'`);
  }
  return Reflect.apply(fn, instance, args);
}
