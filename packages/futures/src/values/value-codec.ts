import { createCodec } from '@par/comm-core';
import type { EncodedValue, FutureReference } from '../protocol/index.ts';
import { actorExtension } from './actor-reference.ts';
import { referenceExtension } from './future-reference.ts';

const met: FutureReference[] = [];
const codec = createCodec({ extensions: [referenceExtension((reference) => met.push(reference)), actorExtension] });

export interface EncodedWithHolds {
  readonly segments: Uint8Array[];
  /** Futures inside, in the order they were met. */
  readonly holds: readonly FutureReference[];
}

const NONE: readonly FutureReference[] = [];

/** A result, scattered value or item of a queue: futures in it travel as references. Throws NotSerializableError. */
export function encodeWithHolds(value: unknown): EncodedWithHolds {
  met.length = 0;
  const segments = codec.encode(value);
  return { segments, holds: met.length === 0 ? NONE : met.splice(0) };
}

/** What `encodeWithHolds` made. Takes the memory of the segments over. */
export function decodeValue(segments: EncodedValue): unknown {
  return codec.decode(segments);
}
