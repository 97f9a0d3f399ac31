import { FunctionRegistry } from '../closures/index.ts';
import type { Mail } from '../mailbox/index.ts';
import type { CallOutcome, WorkerCall } from '../protocol/index.ts';
import { decodeValue } from '../values/index.ts';
import { failureOf } from './failure.ts';
import { encodedResult } from './result.ts';
import { makeFunction } from './thread/functions.ts';

const registry = new FunctionRegistry();

/** Runs a function on the worker's own loop, outside of scheduling. */
export async function callOutside({ fn, args }: WorkerCall, where: Pick<Mail, 'rank' | 'host'>): Promise<CallOutcome> {
  try {
    const made = await makeFunction(fn, registry);
    const value = await callTheFunction(made, decodeValue(args) as unknown[]);
    return { ok: true, value: encodedResult(value, fn.description.name || 'anonymous').segments };
  } catch (error) {
    const origin = { key: fn.description.name, rank: where.rank, host: where.host };
    return { ok: false, failure: failureOf(error, origin, callTheFunction.name) };
  }
}

/** Where the stacks of called functions end. */
function callTheFunction(fn: (...args: unknown[]) => unknown, args: unknown[]): unknown {
  return fn(...args);
}
