import assert from 'node:assert/strict';
import { Event, type Future } from '@par/futures';
import { casesOf, eventually, range, refused, soon, throws } from '../case.ts';

const inc = (x: number): number => x + 1;
const div = (x: number, y: number): number => {
  if (y === 0) throw new RangeError(`${x} divided by zero`);
  return x / y;
};
const forever = (_: number): Promise<number> => new Promise(() => {});
const make = (i: number): Float64Array => new Float64Array(2000).fill(i);

export const COLLECTING = casesOf({
  '19 gather keeps the shape, and refuses futures of another client': async ({ client, another }) => {
    const [x, y] = [client.submit(inc, 1), client.submit(inc, 2)];
    assert.equal(await client.gather(x), 2);
    assert.deepEqual(await client.gather([x]), [2]);
    assert.deepEqual(await client.gather({ x, y: [y, new Map([['y', y]]), new Set([x])] }), {
      x: 2,
      y: [3, new Map([['y', 3]]), new Set([2])],
    });
    await refused(client.gather([another().submit(inc, 1)]), 'PAR_FOREIGN_FUTURE');
  },

  '20 gather skips failures when told to, and else rejects at once': async ({ client }) => {
    const futures = [client.submit(inc, 1), client.submit(div, 3, 0), client.submit(inc, 3)];
    const { write } = process.stderr;
    let said = '';
    process.stderr.write = (text: string | Uint8Array): boolean => {
      said += text;
      return true;
    };
    try {
      assert.deepEqual(await client.gather(futures, { errors: 'skip' }), [2, 4]);
    } finally {
      process.stderr.write = write;
    }
    assert.equal(said, '');
    const running = client.submit(forever, 1);
    await assert.rejects(client.gather([running, futures[1]!]), /3 divided by zero/);
    assert.equal(running.done(), false);
    running.cancel();
  },

  '21 a hundred large results come in few transfers': async ({ client }) => {
    const futures = client.map(make, range(100));
    await client.wait(futures);
    const results = await client.gather(futures);
    assert.deepEqual(
      results.map((array) => array[1999]),
      range(100),
    );
  },

  '22 gather gives a value that is moved meanwhile': async ({ client, workers }) => {
    const futures = client.with({ workers: workers[0]! }).map(make, range(20));
    await client.wait(futures);
    for (let round = 0; round < 5; round++) {
      const moved = client.replicate(futures).then(() => client.replicate(futures, { copies: 1 }));
      const results = await client.gather(futures);
      assert.deepEqual(
        results.map((array) => array[0]),
        range(20),
      );
      await moved;
    }
  },

  '23 wait tells done from pending; a wrong call says how it is called': async ({ client }) => {
    const futures = client.map(inc, [71, 72, 73]);
    const { done, pending } = await client.wait(futures);
    assert.deepEqual([[...done], [...pending]], [futures, []]);
    const running = client.map(forever, [1, 2]);
    const first = await client.wait([...running, futures[0]!], { until: 'first' });
    assert.deepEqual([...first.done], [futures[0]]);
    client.cancel(running);
    // @ts-expect-error not a list
    await refused(client.wait(futures[0]!, futures[1]!), 'PAR_ARGUMENT', /list of futures.*AbortSignal\.timeout/);
  },

  '24 asCompleted yields every future as it is done, failed ones too': async ({ client }) => {
    const gate = new Event('24', { client });
    const waits = async (name: string): Promise<number> => {
      await new Event(name).wait();
      return 24;
    };
    const futures = [client.submit(waits, '24'), client.submit(inc, 1), client.submit(div, 5, 0)];
    const seen: Future<number>[] = [];
    for await (const future of client.asCompleted(futures)) {
      seen.push(future);
      if (seen.length === 2) await gate.set();
    }
    assert.deepEqual(new Set(seen), new Set(futures));
    assert.equal(seen[2], futures[0]);
    await gate.clear();
    assert.deepEqual(await client.asCompleted([]).next(), { done: true, value: undefined });
    // @ts-expect-error not futures
    throws(() => client.asCompleted([1]), 'PAR_ARGUMENT');
  },

  '25 asCompleted can be added to; what is added twice comes twice': async ({ client }) => {
    const completed = client.asCompleted(client.map(inc, [81, 82]));
    const results: number[] = [];
    for await (const future of completed) {
      results.push(await future);
      if (results.length === 1) completed.add(client.submit(inc, 83));
    }
    assert.deepEqual(results.sort(), [82, 83, 84]);
    const running = client.submit(forever, 5);
    const twice = client.asCompleted([running, running]);
    assert.deepEqual([twice.count, twice.isEmpty, twice.hasReady], [2, false, false]);
    assert.deepEqual(await twice.nextBatch({ block: false }), []);
    running.cancel();
    assert.equal((await twice.nextBatch()).length, 2);
    assert.equal(twice.isEmpty, true);
  },

  '26 asCompleted gives results with their futures, and throws where one failed': async ({ client }) => {
    const futures = client.map(inc, [1, 2]);
    const pairs: number[] = [];
    for await (const [future, result] of client.asCompleted(futures).results()) {
      assert.ok(futures.includes(future));
      pairs.push(result);
    }
    assert.deepEqual(pairs.sort(), [2, 3]);
    await assert.rejects(
      client
        .asCompleted([client.submit(div, 6, 0)])
        .results()
        .next(),
      /6 divided by zero/,
    );
    const cancelled = client.submit(forever, 6);
    cancelled.cancel();
    await refused(client.asCompleted([cancelled]).results().next(), 'PAR_FUTURE_CANCELLED');
  },

  '27 a time limit of asCompleted counts from its start; clear lets all go': async ({ client }) => {
    const fast = client.map(inc, [91, 92]);
    await client.wait(fast);
    const completed = client.asCompleted([...fast, client.submit(forever, 3)], soon());
    assert.ok((await completed.next()).value);
    assert.ok((await completed.next()).value);
    await refused(completed.next(), 'PAR_TIMEOUT');
    completed.clear();
    assert.equal(completed.isEmpty, true);
  },

  '28 callbacks of a future run once, whether it finishes, fails, or was done before': async ({ client }) => {
    const calls: string[] = [];
    const fine = client.submit(inc, 1);
    const failing = client.submit(div, 7, 0);
    const cancelled = client.submit(forever, 7);
    const ends = [
      fine.finally(() => calls.push('fine')),
      failing.finally(() => calls.push('failing')).catch(() => {}),
      cancelled.finally(() => calls.push('cancelled')).catch(() => {}),
    ];
    cancelled.cancel();
    await Promise.all(ends);
    await fine.finally(() => calls.push('again'));
    assert.deepEqual(calls.sort(), ['again', 'cancelled', 'failing', 'fine']);
  },

  'progress: a terminal gets a line that moves, anything else nothing': async ({ client }) => {
    const lines: string[] = [];
    const terminal = { isTTY: true, columns: 200, write: (text: string) => lines.push(text) };
    const held = client.submit(forever, 10);
    const futures = [...client.map(inc, range(10)), client.submit(div, 8, 0), held];
    const shown = client.progress(futures, { stream: terminal });
    await eventually(() => lines.some((line) => /11\/12 {2}1 running {2}1 failed.*left/.test(line)), 'one is running');
    held.cancel();
    await shown;
    assert.match(lines.at(-1)!, /\[#{24}\] 12\/12 {2}2 failed.*in 0:\d\d\n$/);
    const quiet = { ...terminal, isTTY: false, write: () => assert.fail('nothing is to be written') };
    await client.progress(client.map(inc, range(10)), { stream: quiet });
  },
});
