import { FunctionRegistry, rebuild } from '../../closures/index.ts';
import type { FunctionDescription, FutureReference } from '../../protocol/index.ts';
import { decodeValue, futureOf } from '../../values/index.ts';

export type TaskFunction = (...args: unknown[]) => unknown;

/** A captured future. */
function restore(replacement: unknown): unknown {
  const reference = replacement as FutureReference | { readonly future: FutureReference };
  return futureOf('future' in reference ? reference.future : reference);
}

/** Makes a described function, once per content hash and registry. */
export async function makeFunction(
  { description, values }: FunctionDescription,
  registry: FunctionRegistry,
): Promise<TaskFunction> {
  const captured = decodeValue(values.map((segment) => segment.slice())) as readonly unknown[];
  return rebuild<TaskFunction>({ ...description, values: captured }, { restore, registry });
}

/** The functions of a thread, by the numbers the scheduler gave them. */
export class Functions {
  readonly #registry = new FunctionRegistry();
  readonly #descriptions = new Map<number, FunctionDescription>();
  readonly #made = new Map<number, TaskFunction>();

  define(fn: number, description: FunctionDescription): void {
    this.#descriptions.set(fn, description);
  }

  forget(fn: number): void {
    this.#descriptions.delete(fn);
    this.#made.delete(fn);
  }

  /** The function, if it was made before. */
  made(fn: number): TaskFunction | undefined {
    return this.#made.get(fn);
  }

  async make(fn: number): Promise<TaskFunction> {
    const description = this.#descriptions.get(fn);
    if (description === undefined) throw new Error(`function ${fn} was never described to this thread`);
    const made = await makeFunction(description, this.#registry);
    if (this.#descriptions.has(fn)) this.#made.set(fn, made);
    return made;
  }
}
