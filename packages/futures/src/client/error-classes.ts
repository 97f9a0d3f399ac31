import { loadedReference } from '../closures/reference.ts';
import type { ErrorLineage } from '../protocol/index.ts';
import { errorsIn, sourceOf } from '../values/index.ts';

type ErrorClass = abstract new (...args: never[]) => Error;

/** Classes of this process that errors of workers can have: those its functions captured, and exports of modules it has loaded. */
export class ErrorClasses {
  readonly #captured = new Map<string, Map<string, ErrorClass>>();

  /** A function that travelled may throw it. Of classes written once and made often the last one counts. */
  captured(errorClass: ErrorClass): void {
    const named = this.#captured.get(errorClass.name);
    if (named === undefined) this.#captured.set(errorClass.name, new Map([[sourceOf(errorClass), errorClass]]));
    else named.set(sourceOf(errorClass), errorClass);
  }

  /** Gives the errors in `root` the most special of their classes that this process has. */
  async restore(root: Error, lineages: readonly (ErrorLineage | null)[]): Promise<void> {
    const errors = errorsIn(root);
    for (const [i, error] of errors.entries()) {
      for (const one of lineages[i] ?? []) {
        const errorClass = await this.#find(one);
        if (errorClass === undefined) continue;
        if (!(error instanceof errorClass)) Object.setPrototypeOf(error, errorClass.prototype as object);
        break;
      }
    }
  }

  async #find({ name, source, from }: ErrorLineage[number]): Promise<ErrorClass | undefined> {
    const named = this.#captured.get(name);
    const same = named?.get(source);
    if (same !== undefined) return same;
    const loaded = from && (await loadedReference(from).catch(() => undefined));
    if (isErrorClass(loaded)) return loaded;
    // On its way a text may have been changed: what has the name is it, if that is one class.
    return named?.size === 1 ? named.values().next().value : undefined;
  }
}

export function isErrorClass(value: unknown): value is ErrorClass {
  return typeof value === 'function' && value.prototype instanceof Error;
}
