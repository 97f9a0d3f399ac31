import { createCodec } from '@par/comm-core';
import { expect, test } from 'vitest';
import { TAGS } from '../../src/protocol/index.ts';
import { decodeValue, encodeWithHolds } from '../../src/values/index.ts';
import { ScriptedScheduler } from './scripted-scheduler.ts';

class Counter {
  n: number;
  #waiting: (() => void)[] = [];
  constructor(n: number) {
    if (n < 0) throw new RangeError('below zero');
    this.n = n;
  }
  add(by: number): number {
    if (by === 13) throw new TypeError('unlucky');
    this.n += by;
    return this.n;
  }
  async wait(): Promise<number> {
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.n;
  }
  release(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
  exit(): void {
    process.exit(1);
  }
}

async function call(scheduler: ScriptedScheduler, method: string, access = 'call', ...args: unknown[]) {
  const encoded = encodeWithHolds(args).segments;
  const answer = await scheduler.ask(1, { kind: 'actor-call', task: 1, method, access, args: encoded });
  if (answer.kind !== 'actor-result') throw new Error(answer.kind);
  const { outcome } = answer;
  if (outcome.ok) return decodeValue(outcome.value);
  if (outcome.failure === 'no-actor') return 'no-actor';
  if (outcome.failure.kind !== 'thrown') throw new Error(outcome.failure.kind);
  throw createCodec().decode(outcome.failure.error!);
}

test('an actor keeps its state, one call after the other, until it is freed', async () => {
  await using scheduler = new ScriptedScheduler(1);
  const fn = scheduler.define(1, Counter as never);
  scheduler.run(1, fn, 1, [[40]], { actor: true });
  expect(await scheduler.next('finished-stored')).toMatchObject({ tasks: [1], types: ['Counter'], nbytes: [0] });
  expect(await call(scheduler, 'add', 'call', 1)).toBe(41);
  expect(await call(scheduler, 'add', 'call', 1)).toBe(42);
  expect(await call(scheduler, 'n', 'get')).toBe(42);
  await call(scheduler, 'n', 'set', 7);
  await expect(call(scheduler, 'add', 'call', 13)).rejects.toMatchObject({
    name: 'TypeError',
    message: 'unlucky',
    workerRank: 1,
  });
  expect(await call(scheduler, 'add', 'call', 1)).toBe(8);
  scheduler.send(1, { kind: 'free', ranges: [1, 1] });
  scheduler.run(1, fn, 2, [[-1]], { actor: true });
  expect(await scheduler.error(2)).toBeInstanceOf(RangeError);
  expect(await call(scheduler, 'n', 'get')).toBe('no-actor');
});

test('asynchronous methods interleave, and an actor whose thread ends is reported', async () => {
  await using scheduler = new ScriptedScheduler(1);
  scheduler.run(1, scheduler.define(1, Counter as never), 1, [[1]], { actor: true });
  await scheduler.next('finished-stored');
  const args = encodeWithHolds([]).segments;
  const record = { kind: 'actor-call', task: 1, access: 'call', args };
  await scheduler.world.send([{ ...record, request: 900, method: 'wait' }], { dest: 1, tag: TAGS.toPeer });
  await scheduler.world.send([{ ...record, request: 901, method: 'release' }], { dest: 1, tag: TAGS.toPeer });
  const answers: unknown[] = [];
  while (answers.length < 2) answers.push(...(await scheduler.world.recv<unknown[]>({ source: 1, tag: TAGS.answers })));
  expect(answers.map((answer) => (answer as { request: number }).request).sort()).toEqual([900, 901]);
  expect(await call(scheduler, 'exit')).toBe('no-actor');
  expect(await scheduler.next('evicted')).toMatchObject({ tasks: [1] });
});
