import { describe, expect, it } from 'vitest';
import { encode, NotSerializableError } from '../../src/codec/index.ts';

const detached = new Float64Array(4);
structuredClone(detached.buffer, { transfer: [detached.buffer] });

describe('encode', () => {
  it.each([
    [() => 0, 'value is a function'],
    [async () => 0, 'value is an async function'],
    [Symbol('s'), 'value is a symbol'],
    [{ model: { layers: [1, 2, 3, { fn() {} }] } }, 'value.model.layers[3].fn is a function'],
    [{ 'odd key': [Symbol.iterator] }, 'value["odd key"][0] is a symbol'],
    [new Map([['k', new WeakMap()]]), 'value.get("k") is a WeakMap'],
    [new Map([[{ f: () => 0 }, 1]]), 'value.keys()[0].f is a function'],
    [new Set([1, new WeakSet()]), 'value.values()[1] is a WeakSet'],
    [[new WeakRef({})], 'value[0] is a WeakRef'],
    [{ later: Promise.resolve() }, 'value.later is a promise'],
    [[[].values(), (function* () {})()], 'value[1] is a generator'],
    [new Map().entries(), 'value is an iterator'],
    [new Error('x', { cause: { retry: () => 0 } }), 'value.cause.retry is a function'],
    [new AggregateError([new Error('y', { cause: Symbol('z') })]), 'value.errors[0].cause is a symbol'],
    [Object(Symbol('b')), 'value is a boxed symbol'],
  ])('refuses %o: %s', (value, message) => {
    const attempt = () => encode(value);
    expect(attempt).toThrow(NotSerializableError);
    expect(attempt).toThrow(expect.objectContaining({ code: 'PAR_NOT_SERIALIZABLE' }));
    expect(attempt).toThrow(message);
  });

  it('refuses detached memory', () => {
    expect(() => encode(detached)).toThrow('value is a view of a detached ArrayBuffer');
    expect(() => encode({ weights: detached })).toThrow('value.weights is a view of a detached ArrayBuffer');
    expect(() => encode([detached.buffer])).toThrow('value[0] is a detached ArrayBuffer');
  });

  it('names the path apart from the message', () => {
    const value = { list: [{ on: () => 0 }] };
    expect(() => encode(value)).toThrow(expect.objectContaining({ path: 'value.list[0].on' }));
  });

  it('finds the culprit in a cyclic and in a deep value', () => {
    const cyclic: Record<string, unknown> = {};
    cyclic.self = cyclic;
    cyclic.bad = () => 0;
    expect(() => encode(cyclic)).toThrow('value.bad is a function');
    let deep: unknown = () => 0;
    for (let i = 0; i < 50_000; i++) deep = [deep];
    expect(() => encode(deep)).toThrow(NotSerializableError);
  });

  it('passes on what a getter throws', () => {
    const value = {
      get broken(): number {
        throw new RangeError('from the getter');
      },
    };
    expect(() => encode(value)).toThrow('from the getter');
    expect(encode({ fine: 1 })).toHaveLength(1);
  });

  it('refuses more strings than one piece holds before it encodes them', () => {
    const mebibyte = 'x'.repeat(2 ** 20);
    const start = process.memoryUsage.rss();
    expect(() => encode({ texts: Array(5000).fill(mebibyte) })).toThrow(
      expect.objectContaining({ code: 'PAR_NOT_SERIALIZABLE', advice: expect.stringContaining('in parts') }),
    );
    expect(process.memoryUsage.rss() - start).toBeLessThan(2 ** 30);
  });
});
