import { Future } from './future.ts';

/** Arguments written out in a key as they are, up to this many characters; longer ones are hashed. */
const EXACT_CHARACTERS = 64;
/** Characters of base64 of a hash: 132 bits. */
const HASH_CHARACTERS = 22;

/** Argument lists of nothing but primitives and futures have an exact text; undefined for others. */
export function textOfArguments(args: readonly unknown[]): string | undefined {
  let text = '';
  for (const arg of args) {
    const one = textOf(arg);
    if (one === undefined) return undefined;
    text = text === '' ? one : `${text}, ${one}`;
  }
  return text;
}

function textOf(value: unknown): string | undefined {
  switch (typeof value) {
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value);
    case 'string':
      return JSON.stringify(value);
    case 'bigint':
      return `${value}n`;
    case 'boolean':
    case 'undefined':
      return String(value);
    default:
      if (value === null) return 'null';
      // Not JSON, so that no string reads the same.
      return value instanceof Future ? `<${value.key}>` : undefined;
  }
}

/** Key of a pure call. Calls have the same key if and only if function and arguments are the same. */
export function pureKey(name: string, functionHash: string, args: string | Uint8Array[], extra: string): string {
  const fn = functionHash.slice(0, HASH_CHARACTERS);
  if (typeof args === 'string' && args.length <= EXACT_CHARACTERS) return `${name}-${fn}${extra}(${args})`;
  return `${name}-${fn}${extra}#${typeof args === 'string' ? shortHash([Buffer.from(args)]) : shortHash(args)}`;
}

export function shortHash(segments: readonly Uint8Array[]): string {
  const one = segments.length === 1 ? segments[0]! : Buffer.concat(segments);
  const { hash } = process.getBuiltinModule('node:crypto');
  return hash('sha256', one, 'base64url').slice(0, HASH_CHARACTERS);
}
