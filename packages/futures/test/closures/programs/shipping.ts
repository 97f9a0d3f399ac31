// Functions of an entry script, shipped to a process of its own. Run under type stripping and under esbuild.
import { strict as assert } from 'node:assert';
import { basename } from 'node:path';
import { parse } from 'acorn';
import { capture } from '../../../src/closures/index.ts';
import { Elsewhere } from '../elsewhere.ts';
import { area, type Shape } from '../modules/geometry.ts';

interface Settings {
  readonly scale: number;
  readonly shape?: Shape;
}

const settings: Settings = { scale: 3 };
let runs: number = 0;

function scaled<T extends number>(value: T): number {
  return (value as number) * settings.scale;
}

export function exportedHere(value: number): number {
  return scaled(value) + 1;
}

class Base<T> {
  static readonly instances: Map<string, unknown> = new Map();
  protected items: T[] = [];
  #count: number = 0;
  add(item: T): this {
    this.items.push(item);
    this.#count += 1;
    return this;
  }
  get count(): number {
    return this.#count;
  }
}
class Derived extends Base<number> {
  sum = (): number => this.items.reduce((a: number, b: number) => a + b, 0);
}

const fail = (message: string): never => {
  throw new Error(`failed: ${message}`);
};
const FAIL_LINE = 43;

const elsewhere = new Elsewhere(process.execArgv);

const square = (i: number): number => i * i;
assert.equal(await elsewhere.call(square, 12), 144);
assert.equal(await elsewhere.call(exportedHere, 2), 7);
assert.equal(await elsewhere.call((text: string): string => basename(text), '/a/b'), 'b');
assert.equal(await elsewhere.call((text: string): string => parse(text, { ecmaVersion: 2024 }).type, '1'), 'Program');
assert.equal(await elsewhere.call((w: number, h: number): number => area(w, h), 2, 3), 12);
assert.deepEqual(
  await elsewhere.call((): unknown[] => {
    const made = new Derived().add(1).add(2) as Derived;
    return [made.count, made.sum(), made instanceof Base, Derived.instances.size, Derived.name];
  }),
  [2, 3, true, 0, 'Derived'],
);
assert.deepEqual(
  await elsewhere.call(async (): Promise<unknown[]> => {
    const { UNIT } = await import('../modules/geometry.ts');
    return [UNIT, import.meta.url, this === undefined];
  }),
  [2, import.meta.url, true],
);
runs += 1;
assert.equal(await elsewhere.call((): number => runs + 1), 2);

const thrown = await elsewhere.call(fail, 'here').catch((error: Error) => error);
assert.match(thrown.message, /^failed: here$/);
const frame = thrown.stack!.split('\n').find((line) => line.includes('shipping.ts'))!;
const [, line, column] = /shipping\.ts:(\d+):(\d+)\)?$/.exec(frame)!;
assert.equal(Number(line), FAIL_LINE, frame);
if (process.env.PAR_TEST_COLUMNS) assert.equal(Number(column), 9, frame);
assert.match(frame, /fail/);

// biome-ignore format: on one line
const oneLine = (): never => { throw new Error('on the first line'); };
const first = await elsewhere.call(oneLine).catch((error: Error) => error);
if (process.env.PAR_TEST_COLUMNS) assert.match(first.stack!, /oneLine.*shipping\.ts:\d+:38\)/);

const { nodes } = capture(area);
assert.deepEqual(
  nodes.map((node) => node.kind),
  ['import'],
);
await elsewhere[Symbol.asyncDispose]();
console.log('shipped');
