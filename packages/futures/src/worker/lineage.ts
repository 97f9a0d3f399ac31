import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import * as core from '@par/comm-core';
import type { ShippedNode } from '../closures/description.ts';
import { referenceTo } from '../closures/reference.ts';
import type { ErrorLineage } from '../protocol/index.ts';
import { sourceOf } from '../values/index.ts';

type ErrorClass = abstract new (...args: never[]) => unknown;

/** Classes that every process has, and the codec keeps. */
const BUILTIN: ReadonlySet<unknown> = new Set([
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
  AggregateError,
  DOMException,
]);

const lineages = new WeakMap<ErrorClass, ErrorLineage>();

/** The class of an error and those it extends, for a process that may have them too; null for one of the language. */
export function lineageOf(error: Error): ErrorLineage | null {
  const errorClass = classOf(error);
  if (errorClass === undefined || BUILTIN.has(errorClass)) return null;
  let lineage = lineages.get(errorClass);
  if (lineage === undefined) {
    lineage = describe(errorClass);
    lineages.set(errorClass, lineage);
  }
  return lineage.length === 0 ? null : lineage;
}

function classOf(error: Error): ErrorClass | undefined {
  try {
    const made: unknown = (Object.getPrototypeOf(error) as Error).constructor;
    const isClass = typeof made === 'function' && made.prototype instanceof Error;
    return isClass ? (made as unknown as ErrorClass) : undefined;
  } catch {
    return undefined; // a proxy, or a class with a throwing getter
  }
}

function describe(errorClass: ErrorClass): ErrorLineage {
  const lineage: ErrorLineage[number][] = [];
  for (let one: unknown = errorClass; typeof one === 'function'; one = Object.getPrototypeOf(one)) {
    if (BUILTIN.has(one)) break;
    const from = referenceOf(one);
    lineage.push({ name: one.name, source: sourceOf(one), ...(from && { from }) });
  }
  return lineage;
}

/** par's own are found without reading their script, which takes 100 ms. */
const EXPORTS: ReadonlyMap<unknown, string> = new Map(Object.entries(core).map(([name, value]) => [value, name]));

function referenceOf(errorClass: object): ShippedNode | undefined {
  const name = EXPORTS.get(errorClass);
  if (name !== undefined) {
    const module = pathToFileURL(createRequire(import.meta.url).resolve('@par/comm-core')).href;
    return { kind: 'import', module, name };
  }
  try {
    return referenceTo(errorClass);
  } catch {
    return undefined; // its script cannot be read: the class goes by its name
  }
}
