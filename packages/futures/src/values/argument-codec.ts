import * as types from 'node:util/types';
import { createCodec } from '@par/comm-core';
import type { EncodedValue } from '../protocol/index.ts';
import { actorExtension } from './actor-reference.ts';
import { isReferable, referenceExtension } from './future-reference.ts';

/** Name of the codec extension by which futures travel in the arguments of tasks; data: the position, a number. */
const DEPENDENCY = 'dependency';

/** Where the value of a dependency goes: its position in the list of dependencies of the task. */
class Place {
  readonly position: number;

  constructor(position: number) {
    this.position = position;
  }
}

/**
 * A codec for the arguments of tasks: futures travel as what `positionOf` gives. Asked once per future object and encoded
 * value, so lists of one chunk may share a future object only if it has the same position in both.
 */
export function encodeArguments(value: unknown, positionOf: (future: object) => number): Uint8Array[] {
  return createCodec({
    extensions: [
      {
        name: DEPENDENCY,
        matches: isReferable,
        encode: positionOf,
        decode: (data) => new Place(data as number),
      },
      actorExtension,
    ],
  }).encode(value);
}

const decoder = createCodec({
  extensions: [
    {
      name: DEPENDENCY,
      matches: (value) => value instanceof Place,
      encode: (value) => (value as Place).position,
      decode: (data) => new Place(data as number),
    },
    referenceExtension(),
    actorExtension,
  ],
});

/** What `encodeArguments` made, with places where futures were: fill them with `fillPlaces`. */
export function decodeArguments(segments: EncodedValue): unknown {
  return decoder.decode(segments);
}

/** `root` with the value of each place, at any depth, in its stead. Changes what `root` holds. */
export function fillPlaces(root: unknown, valueAt: (position: number) => unknown): unknown {
  if (root instanceof Place) return valueAt(root.position);
  if (typeof root !== 'object' || root === null) return root;
  const seen = new Set<object>([root]);
  const open: object[] = [root];
  const filled = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    if (value instanceof Place) return valueAt(value.position);
    if (!seen.has(value) && !ArrayBuffer.isView(value)) {
      seen.add(value);
      open.push(value);
    }
    return value;
  };
  for (let object = open.pop(); object !== undefined; object = open.pop()) fillOne(object, filled);
  return root;
}

function fillOne(object: object, filled: (value: unknown) => unknown): void {
  if (Array.isArray(object)) {
    for (let i = 0; i < object.length; i++) {
      const value: unknown = object[i];
      if (typeof value === 'object' && value !== null) object[i] = filled(value);
    }
    return;
  }
  if (types.isMap(object)) fillMap(object, filled);
  else if (types.isSet(object)) fillSet(object, filled);
  else if (object instanceof Error) for (const key of ['cause', 'errors']) fillProperty(object, key, filled);
  for (const key of Object.keys(object)) fillProperty(object, key, filled);
}

function fillProperty(object: object, key: string, filled: (value: unknown) => unknown): void {
  const value: unknown = (object as Record<string, unknown>)[key];
  if (typeof value !== 'object' || value === null) return;
  const next = filled(value);
  if (next !== value) (object as Record<string, unknown>)[key] = next;
}

/** Keys and elements may change: the collection is made again in its order. */
function fillMap(map: Map<unknown, unknown>, filled: (value: unknown) => unknown): void {
  const entries = [...map];
  map.clear();
  for (const [key, value] of entries) map.set(filled(key), filled(value));
}

function fillSet(set: Set<unknown>, filled: (value: unknown) => unknown): void {
  const elements = [...set];
  set.clear();
  for (const element of elements) set.add(filled(element));
}
