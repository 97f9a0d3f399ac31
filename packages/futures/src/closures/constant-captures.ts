import type { CaptureGraph, CaptureOptions } from './capture-graph.ts';
import type { ShippedFunction } from './description.ts';

interface ConstantCapture {
  readonly shipped: ShippedFunction;
  readonly options: CaptureOptions;
  /** Every function in the description with how many own keys it and its prototype had. */
  readonly functions: readonly (readonly [fn: object, keys: number])[];
}

const captures = new WeakMap<object, ConstantCapture>();

function keysOf(fn: object): number {
  const prototype: unknown = Object.getOwnPropertyDescriptor(fn, 'prototype')?.value;
  const own = Reflect.ownKeys(fn).length;
  return typeof prototype === 'object' && prototype !== null ? own + Reflect.ownKeys(prototype).length : own;
}

function sameHooks(a: CaptureOptions, b: CaptureOptions): boolean {
  return a.refuse === b.refuse && a.replace === b.replace && a.byValue === b.byValue;
}

/**
 * The earlier description of a function that reaches nothing that can change: functions without properties, imports, and
 * variables that are assigned once and hold primitives.
 */
export function constantCapture(fn: object, options: CaptureOptions): ShippedFunction | undefined {
  const known = captures.get(fn);
  if (!known || !sameHooks(known.options, options)) return undefined;
  return known.functions.every(([one, keys]) => keysOf(one) === keys) ? known.shipped : undefined;
}

/** Keep a description that cannot change. */
export function keepConstant(fn: object, graph: CaptureGraph, shipped: ShippedFunction): void {
  const constant =
    graph.changeable === false &&
    shipped.nodes.every((node) => node.kind !== 'object' && node.kind !== 'replaced' && node.kind !== 'bound') &&
    shipped.values.every((value) => typeof value !== 'object' || value === null);
  if (!constant) return;
  const { refuse, replace, byValue } = graph.options;
  const options = { ...(refuse && { refuse }), ...(replace && { replace }), ...(byValue && { byValue }) };
  captures.set(fn, { shipped, options, functions: graph.functions.map((one) => [one, keysOf(one)]) });
}
