import { createCodec } from '@par/comm-core';
import type { Failure } from '../protocol/index.ts';
import { isError } from '../values/index.ts';
import { cut, portableError, shown, titleOf } from './portable-error.ts';

/** An error with more bytes than this leaves its properties behind, and a part with more than the other. */
const ERROR_BYTES = 1_000_000;
const PART_BYTES = 100_000;

const codec = createCodec();

/** Where an error happened, told by properties it travels with unless it has its own. */
export interface ErrorOrigin {
  readonly key: string;
  readonly rank: number;
  readonly host: string;
}

const ATTEMPTS: readonly (readonly [keeps: (part: unknown) => boolean, most: number])[] = [
  [() => true, ERROR_BYTES],
  [canTravel, ERROR_BYTES],
  [() => false, Number.POSITIVE_INFINITY],
];

type Thrown = Extract<Failure, { readonly kind: 'thrown' }>;

/** What a task threw, ready to travel. Never throws, whatever that was. */
export function failureOf(thrown: unknown, origin: ErrorOrigin, hidden?: string): Thrown {
  if (!isError(thrown)) {
    const error = encoded(thrown, ERROR_BYTES);
    return { kind: 'thrown', text: cut(shown(thrown)), ...(error && { error }) };
  }
  const text = titleOf(thrown);
  for (const [keeps, most] of ATTEMPTS) {
    const { error, classes } = portableError(thrown, hidden, keeps);
    tellOrigin(error, origin);
    const segments = encoded(error, most);
    if (segments === undefined) continue;
    return { kind: 'thrown', text, error: segments, ...(classes.some((one) => one !== null) && { classes }) };
  }
  return { kind: 'thrown', text };
}

function encoded(value: unknown, most: number): Uint8Array[] | undefined {
  try {
    const segments = codec.encode(value);
    return segments.reduce((sum, { length }) => sum + length, 0) <= most ? segments : undefined;
  } catch {
    return undefined;
  }
}

function canTravel(part: unknown): boolean {
  return encoded(part, PART_BYTES) !== undefined;
}

function tellOrigin(error: Error, { key, rank, host }: ErrorOrigin): void {
  for (const [name, value] of Object.entries({ key, workerRank: rank, host })) {
    if (Object.hasOwn(error, name)) continue;
    Object.defineProperty(error, name, { value, enumerable: true, configurable: true, writable: true });
  }
}
