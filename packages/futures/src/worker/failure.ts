import { createCodec } from '@par/comm-core';
import type { Failure } from '../protocol/index.ts';

/** Characters of a message or stack that travel. */
const LIMIT = 10_000;
const CUT = ' … (cut)';

const codec = createCodec();

/** Where an error happened, told by properties it travels with unless it has its own. */
export interface ErrorOrigin {
  readonly key: string;
  readonly rank: number;
  readonly host: string;
}

/** What a task threw, ready to travel: its own class where the codec has it, else its text. */
export function failureOf(error: unknown, origin: ErrorOrigin, hidden?: string): Extract<Failure, { kind: 'thrown' }> {
  const text = cut(describe(error));
  if (!(error instanceof Error)) return { kind: 'thrown', error: encodedOr(error, text), text };
  try {
    prepare(error, hidden);
    define(error, 'key', origin.key);
    define(error, 'workerRank', origin.rank);
    define(error, 'host', origin.host);
    return { kind: 'thrown', error: withinLimit(codec.encode(error), error, origin), text };
  } catch {
    // Something it carries cannot be encoded, or it is frozen: what every error has travels.
    return { kind: 'thrown', error: codec.encode(bare(error, origin, hidden)), text };
  }
}

function describe(error: unknown): string {
  try {
    return error instanceof Error ? `${error.name}: ${error.message}` : `thrown: ${String(error)}`;
  } catch {
    return 'thrown: a value that cannot be described';
  }
}

function encodedOr(value: unknown, text: string): Uint8Array[] {
  try {
    return codec.encode(value);
  } catch {
    return codec.encode(new Error(text));
  }
}

/** Cuts texts and the frames of the worker itself, along the chain of causes. */
function prepare(error: Error, hidden: string | undefined): void {
  const seen = new Set<unknown>();
  for (let link: unknown = error; link instanceof Error && !seen.has(link); link = link.cause) {
    seen.add(link);
    if (link.message.length > LIMIT) define(link, 'message', cut(link.message));
    const stack = userFrames(link.stack, hidden);
    if (stack !== link.stack)
      Object.defineProperty(link, 'stack', { value: stack, configurable: true, writable: true });
  }
}

function define(error: Error, name: string, value: unknown): void {
  if (name === 'message') Object.defineProperty(error, name, { value, configurable: true, writable: true });
  else if (!Object.hasOwn(error, name)) {
    Object.defineProperty(error, name, { value, enumerable: true, configurable: true, writable: true });
  }
}

/** Properties that make an error large are left behind. */
const PROPERTIES_LIMIT = 1_000_000;

function withinLimit(segments: Uint8Array[], error: Error, origin: ErrorOrigin): Uint8Array[] {
  const bytes = segments.reduce((sum, segment) => sum + segment.length, 0);
  return bytes <= PROPERTIES_LIMIT ? segments : codec.encode(bare(error, origin, undefined));
}

const CAUSES = 10;

/** The same error with name, message, stack, code and a cause of the same kind only. */
function bare(error: Error, origin: ErrorOrigin, hidden: string | undefined, depth = 0): Error {
  const copy = new Error(cut(String(error.message)));
  const { code, cause } = error as Error & { readonly code?: unknown };
  const properties: Record<string, unknown> = {
    name: String(error.name),
    stack: userFrames(error.stack, hidden),
  };
  if (cause instanceof Error && depth < CAUSES) properties.cause = bare(cause, origin, hidden, depth + 1);
  for (const [name, value] of Object.entries(properties)) {
    Object.defineProperty(copy, name, { value, configurable: true, writable: true });
  }
  if (typeof code === 'string' || typeof code === 'number') define(copy, 'code', code);
  if (depth === 0) {
    define(copy, 'key', origin.key);
    define(copy, 'workerRank', origin.rank);
    define(copy, 'host', origin.host);
  }
  return copy;
}

/** The stack down to the task's function: the frames below belong to the worker and to Node. */
function userFrames(stack: string | undefined, hidden: string | undefined): string | undefined {
  if (typeof stack !== 'string') return undefined;
  if (hidden === undefined) return cut(stack);
  const lines = stack.split('\n');
  const end = lines.findIndex((line) => line.includes(hidden));
  return cut(end === -1 ? stack : lines.slice(0, end).join('\n'));
}

function cut(text: string): string {
  return text.length <= LIMIT ? text : text.slice(0, LIMIT - CUT.length) + CUT;
}
