import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { FutureState } from '../../src/client/future-state.ts';
import { FutureTable } from '../../src/client/future-table.ts';
import { type Outcome, PENDING } from '../../src/client/outcome.ts';

const FINISHED: Outcome = { status: 'finished', at: 'here', value: new Uint8Array(1) };
const CANCELLED: Outcome = { status: 'cancelled', reason: 'requested' };

const step = fc.record({
  what: fc.constantFrom('create', 'adopt', 'finish', 'cancel', 'lose', 'remove'),
  which: fc.nat(7),
});

test('the count of pending futures is that of the futures without an outcome', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const table = new FutureTable();
      const all: FutureState[] = [];
      let adopted = 0;
      for (const { what, which } of steps) {
        const state = all[which % Math.max(1, all.length)];
        if (what === 'create') all.push(table.create(`key ${which}`, 'task'));
        else if (what === 'adopt') all.push(table.adopt(--adopted));
        else if (state === undefined) continue;
        else if (what === 'remove') table.remove(state);
        else table.settle(state, what === 'finish' ? FINISHED : what === 'cancel' ? CANCELLED : PENDING);
        expect(table.pending).toBe([...table.all()].filter(({ pending }) => pending).length);
      }
    }),
  );
});

test('a key names the last future of that key that is neither cancelled nor removed', () => {
  const table = new FutureTable();
  const first = table.create('key', 'task');
  const second = table.create('key', 'task');
  table.remove(first);
  expect(table.known('key')).toBe(second);
  table.settle(second, CANCELLED);
  expect(table.known('key')).toBeUndefined();
});
