import { describeFunction } from './capture-function.ts';
import { CaptureGraph, type CaptureOptions } from './capture-graph.ts';
import { describeObject } from './capture-object.ts';
import { notShippable, step } from './capture-path.ts';
import { constantCapture, keepConstant } from './constant-captures.ts';
import type { ShippedFunction } from './description.ts';
import { hashDescription } from './hash.ts';
import { UnreadableScriptError } from './scripts.ts';

/**
 * Describe a function, with what it captures, as plain data that {@link rebuild} turns into a function in another process.
 *
 * Exports of modules other than the entry script travel by reference; other functions by value, with the present values of
 * the variables they capture. Reads the function's scopes through the V8 inspector, synchronously.
 *
 * @param fn a function or class
 * @returns data that the structured clone algorithm accepts, with a hash of its content
 * @throws NotShippableError (`PAR_NOT_SHIPPABLE`) when the function or something it captured cannot leave the process; the
 * message gives the way from the function to that value
 */
export function capture(fn: (...args: never[]) => unknown, options?: CaptureOptions): ShippedFunction;
export function capture(fn: abstract new (...args: never[]) => unknown, options?: CaptureOptions): ShippedFunction;
export function capture(fn: unknown, options: CaptureOptions = {}): ShippedFunction {
  if (typeof fn !== 'function') {
    throw notShippable(
      step(undefined, `expected a function to ship, got ${fn === null ? 'null' : typeof fn}`),
      ', which is not one',
      'Pass the function itself, not its result',
    );
  }
  const kept = constantCapture(fn, options);
  if (kept) return kept;
  const graph = new CaptureGraph(options, { fn: describeFunction, object: describeObject });
  let root: number;
  try {
    root = graph.visit(fn, undefined);
    graph.run();
  } catch (error) {
    if (!(error instanceof UnreadableScriptError)) throw error;
    throw notShippable(
      step(undefined, `function '${fn.name}' is in a script that`),
      error.message,
      'Export it from a module of its own',
      { cause: error },
    );
  }
  const shipped: ShippedFunction = {
    format: 1,
    hash: hashDescription(root, graph.nodes, graph.values),
    name: fn.name,
    root,
    nodes: graph.nodes,
    values: graph.values,
  };
  keepConstant(fn, graph, shipped);
  return shipped;
}
