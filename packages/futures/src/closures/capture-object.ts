import * as types from 'node:util/types';
import { asLateGlobal } from './builtins.ts';
import type { CaptureGraph } from './capture-graph.ts';
import { type CapturePath, notShippable, step } from './capture-path.ts';
import { recordOf } from './captured-variables.ts';
import { constructionOf } from './constructions.ts';
import type { ObjectNode, Ref, ShippedProperty } from './description.ts';
import { refusalOf } from './handles.ts';
import { classify } from './plain-data.ts';

function showKey(key: PropertyKey): string {
  return typeof key === 'string' ? `'${key}'` : String(key);
}

/** Own properties with their flags; accessors are shipped as functions and never called. */
export function captureProperties(
  graph: CaptureGraph,
  holder: object,
  keys: readonly PropertyKey[],
  path: CapturePath | undefined,
): ShippedProperty[] {
  return keys.map((key): ShippedProperty => {
    const property = Object.getOwnPropertyDescriptor(holder, key)!;
    const flags = (property.writable ? 1 : 0) + (property.enumerable ? 2 : 0) + (property.configurable ? 4 : 0);
    const keyRef = graph.visit(key, step(path, 'with a property named by'));
    if ('value' in property) {
      const value = graph.visit(property.value, step(path, `whose property ${showKey(key)} is`));
      return { key: keyRef, value, flags };
    }
    const get = property.get && graph.visit(property.get, step(path, `whose getter ${showKey(key)} is`));
    const set = property.set && graph.visit(property.set, step(path, `whose setter ${showKey(key)} is`));
    return { key: keyRef, flags, ...(get === undefined ? {} : { get }), ...(set === undefined ? {} : { set }) };
  });
}

interface Slots {
  readonly base: ObjectNode['base'];
  readonly standard: object | null;
  readonly items: readonly unknown[];
  /** Own keys that the items already say. */
  readonly implied: (key: PropertyKey) => boolean;
}

const never = (): boolean => false;

/** Which builtin's slots an object has, and what its constructor needs to fill them. */
function slotsOf(value: object): Slots {
  if (Array.isArray(value)) {
    if (classify(value) === 'array')
      return { base: 'array', standard: Array.prototype, items: value, implied: () => true };
    return { base: 'array', standard: Array.prototype, items: [], implied: never };
  }
  if (types.isMap(value)) return { base: 'map', standard: Map.prototype, items: [...value].flat(1), implied: never };
  if (types.isSet(value)) return { base: 'set', standard: Set.prototype, items: [...value], implied: never };
  if (types.isDate(value)) return { base: 'date', standard: Date.prototype, items: [value.getTime()], implied: never };
  if (types.isRegExp(value)) {
    const implied = (key: PropertyKey): boolean => key === 'lastIndex' && value.lastIndex === 0;
    return { base: 'regexp', standard: RegExp.prototype, items: [value.source, value.flags], implied };
  }
  if (types.isNativeError(value))
    return { base: 'error', standard: Error.prototype, items: [], implied: (key) => key === 'stack' };
  if (types.isTypedArray(value)) {
    const Plain = Reflect.get(globalThis, value[Symbol.toStringTag]) as new (from: unknown) => object;
    const implied = (key: PropertyKey): boolean => typeof key === 'string' && /^\d+$/.test(key);
    return { base: 'bytes', standard: Plain.prototype, items: [new Plain(value)], implied };
  }
  const prototype: object | null = Object.getPrototypeOf(value);
  const construction = constructionOf(value);
  if (construction) return { base: 'construct', standard: prototype, items: construction, implied: () => true };
  return { base: 'object', standard: Object.prototype, items: [], implied: never };
}

/** The function whose `prototype` property is this object. */
function ownerOf(prototype: object): object | undefined {
  const owner: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  if (typeof owner !== 'function') return undefined;
  return Object.getOwnPropertyDescriptor(owner, 'prototype')?.value === prototype ? owner : undefined;
}

function describeKind(value: object): string {
  if (Array.isArray(value)) return 'an array';
  const prototype: object | null = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return 'an object';
  const name = (ownerOf(prototype) as { name?: unknown } | undefined)?.name;
  return typeof name === 'string' && name !== '' ? `an instance of ${name}` : 'an object';
}

function checkPrivateMembers(value: object, path: CapturePath | undefined): void {
  for (
    let at: object | null = Object.getPrototypeOf(value);
    at && at !== Object.prototype;
    at = Object.getPrototypeOf(at)
  ) {
    const owner = ownerOf(at);
    if (!owner) continue;
    const record = recordOf(owner);
    if (record.kind === 'source' && record.plan.class?.privateInstance) {
      const name = record.plan.ownName ?? 'a class';
      throw notShippable(
        step(path, describeKind(value)),
        `, which has private members of ${name} that nothing else can read`,
        `Make it inside the function, or capture the data it is made from and call new ${name}(…) there`,
      );
    }
  }
}

/** Describe an object that is not plain data. */
export function describeObject(graph: CaptureGraph, value: object, path: CapturePath | undefined): void {
  const owner = types.isProxy(value) ? undefined : ownerOf(value);
  if (owner) {
    const ref = graph.reserve(value);
    const of = graph.visit(owner, step(path, 'the prototype of'));
    graph.nodes[ref] = { kind: 'prototype', of };
    return;
  }
  const refusal = refusalOf(value);
  const late = refusal && asLateGlobal(value);
  if (late) {
    graph.identify(value, graph.add(late));
    return;
  }
  if (refusal) throw notShippable(path, refusal.reason, refusal.remedy);
  checkPrivateMembers(value, path);
  const ref = graph.reserve(value);
  graph.later(() => {
    graph.nodes[ref] = objectNode(graph, value, step(path, describeKind(value)));
  });
}

function objectNode(graph: CaptureGraph, value: object, path: CapturePath): ObjectNode {
  const slots = slotsOf(value);
  const prototype: object | null = Object.getPrototypeOf(value);
  const keys = Reflect.ownKeys(value).filter((key) => !slots.implied(key));
  const items = slots.items.map(
    (item, index): Ref => graph.visit(item, step(path, itemStep(slots.base, index, slots.items))),
  );
  const properties = captureProperties(graph, value, keys, path);
  if (slots.base === 'error') properties.push(...stackOf(graph, value as Error));
  const integrity = Object.isFrozen(value)
    ? 3
    : Object.isSealed(value)
      ? 2
      : Object.isExtensible(value)
        ? undefined
        : 1;
  return {
    kind: 'object',
    base: slots.base,
    items,
    properties,
    ...(prototype === slots.standard
      ? {}
      : { prototype: prototype && graph.visit(prototype, step(path, 'which inherits from')) }),
    ...(integrity === undefined ? {} : { integrity }),
  };
}

/** V8 keeps the stack as an accessor or a value, depending on its version. */
function stackOf(graph: CaptureGraph, error: Error): ShippedProperty[] {
  if (typeof error.stack !== 'string') return [];
  return [{ key: graph.visit('stack', undefined), value: graph.visit(error.stack, undefined), flags: 1 + 4 }];
}

function itemStep(base: ObjectNode['base'], index: number, items: readonly unknown[]): string {
  if (base !== 'map') return `whose element ${index} is`;
  const key = items[index - (index % 2)];
  if (index % 2 === 0) return 'with the key';
  return `whose entry ${typeof key === 'string' ? `'${key}'` : (index - 1) / 2} is`;
}
