import { describe, expect, it } from 'vitest';
import { type CodecExtension, createCodec, encode } from '../../src/codec/index.ts';

class Handle {
  readonly key: string;
  constructor(key: string) {
    this.key = key;
  }
}

const known = new Map<string, Handle>();
const handles: CodecExtension<Handle> = {
  name: 'handle',
  matches: (value) => value instanceof Handle,
  encode: (handle) => ({ key: handle.key }),
  decode(data) {
    const { key } = data as { key: string };
    const handle = known.get(key) ?? new Handle(key);
    known.set(key, handle);
    return handle;
  },
};
const functions: CodecExtension<() => unknown> = {
  name: 'function',
  matches: (value) => typeof value === 'function',
  encode: (fn) => fn.name,
  decode: (name) => Object.assign(() => name, { shipped: name }),
};

describe('createCodec', () => {
  const codec = createCodec({ extensions: [handles as CodecExtension, functions as unknown as CodecExtension] });
  const carried = <T>(value: T): T => codec.decode(codec.encode(value).map((segment) => segment.slice())) as T;

  it('sends an object of an extension as what the extension makes of it', () => {
    expect(carried(new Handle('a'))).toBeInstanceOf(Handle);
    const arrived = carried({ deep: [new Handle('b'), 1] });
    expect(arrived.deep[0]).toBeInstanceOf(Handle);
    expect((arrived.deep[0] as Handle).key).toBe('b');
  });

  it('keeps one object one object and encodes it once', () => {
    let calls = 0;
    const counting = createCodec({
      extensions: [
        {
          ...handles,
          encode: (handle: Handle) => [++calls, handle.key],
          decode: () => new Handle('x'),
        } as CodecExtension,
      ],
    });
    const handle = new Handle('c');
    const [one, two] = counting.decode(counting.encode([handle, handle])) as Handle[];
    expect(one).toBe(two);
    expect(calls).toBe(1);
  });

  it('can send functions', () => {
    function work() {}
    const arrived = carried({ work, again: work }) as unknown as Record<string, { shipped: string }>;
    expect(arrived.work!.shipped).toBe('work');
    expect(arrived.again).toBe(arrived.work);
    expect((carried(work) as unknown as { shipped: string }).shipped).toBe('work');
  });

  it('lets an extension send large arrays out of band', () => {
    const arrays: CodecExtension<Handle> = {
      ...handles,
      encode: () => new Float64Array(1000).fill(3),
      decode: (data) => Object.assign(new Handle('d'), { data }),
    };
    const withArrays = createCodec({ extensions: [arrays as CodecExtension] });
    const segments = withArrays.encode([new Handle('d')]);
    expect(segments).toHaveLength(2);
    const [arrived] = withArrays.decode(segments) as [{ data: Float64Array }];
    expect(arrived.data).toEqual(new Float64Array(1000).fill(3));
  });

  it('still sends everything else and refuses what no extension takes', () => {
    expect(carried([1, new Map([['a', new Date(0)]])])).toEqual([1, new Map([['a', new Date(0)]])]);
    const only = createCodec({ extensions: [handles as CodecExtension] });
    expect(() => only.encode([new Handle('e'), { fn: () => 0 }])).toThrow('value[1].fn is a function');
  });

  it('leaves other codecs as they are', () => {
    expect(() => encode(() => 0)).toThrow(expect.objectContaining({ code: 'PAR_NOT_SERIALIZABLE' }));
  });

  it('refuses two extensions of one name', () => {
    const twice = [handles as CodecExtension, handles as CodecExtension];
    expect(() => createCodec({ extensions: twice })).toThrow(expect.objectContaining({ code: 'PAR_ARGUMENT' }));
  });
});
