import { setImmediate as turn } from 'node:timers/promises';
import { inspect, isDeepStrictEqual } from 'node:util';
import type { ParErrorCode } from '../errors.ts';
import type { Capabilities } from '../transport/index.ts';
import type { Tools } from './case.ts';

/** Turns of the event loop that `unsettled` grants a promise: more than any local completion needs. */
const TURNS = 8;

/** A check that did not hold. */
export class CheckFailed extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CheckFailed';
  }
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | undefined)?.code;
}

function described(error: unknown): string {
  return error instanceof Error ? `${error.name} ${String(codeOf(error) ?? '')}: ${error.message}` : String(error);
}

/** In a few lines, however long the values are. */
function difference(actual: unknown, expected: unknown): string {
  const [got, wanted] = [actual, expected].map((value) =>
    inspect(value, { depth: 6, maxArrayLength: 24, maxStringLength: 200, breakLength: 120 }),
  );
  const at = ArrayBuffer.isView(actual) && ArrayBuffer.isView(expected) ? firstDifference(actual, expected) : '';
  return `got\n${got}\nexpected\n${wanted}${at}`;
}

function firstDifference(actual: ArrayBufferView, expected: ArrayBufferView): string {
  const [a, b] = [actual, expected].map((view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  const byte = a!.findIndex((value, i) => value !== b![i]);
  return byte < 0 ? '' : `\nThey differ from byte ${byte} of ${b!.length} on.`;
}

/** Checks for one case on one rank; `where` is put before every message. */
export function makeTools(where: string, signal: AbortSignal, capabilities: Capabilities): Tools {
  const fail = (what: string, detail: string, cause?: unknown): never => {
    throw new CheckFailed(`${where}: ${what}: ${detail}`, { cause });
  };
  const hasCode = (error: unknown, codes: ParErrorCode | readonly ParErrorCode[], what: string): void => {
    const expected = typeof codes === 'string' ? [codes] : codes;
    if (!expected.includes(codeOf(error) as ParErrorCode)) {
      fail(what, `expected ${expected.join(' or ')}, got ${described(error)}`, error);
    }
  };
  return {
    signal,
    capabilities,
    equal(actual, expected, what) {
      if (!isDeepStrictEqual(actual, expected)) fail(what, difference(actual, expected));
    },
    ok(condition, what) {
      if (!condition) fail(what, 'does not hold');
    },
    async rejects(promise, codes, what) {
      let value: unknown;
      try {
        value = await promise;
      } catch (error) {
        hasCode(error, codes, what);
        return error as Error;
      }
      return fail(what, `expected a rejection with ${String(codes)}, got ${String(value)}`);
    },
    async refuses(call, codes, what) {
      let value: unknown;
      try {
        value = await call();
      } catch (error) {
        hasCode(error, codes, what);
        if (!(error instanceof TypeError || error instanceof RangeError)) {
          fail(what, `expected a TypeError or RangeError, got ${described(error)}`, error);
        }
        return;
      }
      fail(what, `expected to be refused with ${String(codes)}, got ${String(value)}`);
    },
    async unsettled(promise, what) {
      let settled = false;
      const note = () => {
        settled = true;
      };
      promise.then(note, note);
      for (let i = 0; i < TURNS; i++) await turn();
      if (settled) fail(what, 'settled too early');
    },
  };
}
