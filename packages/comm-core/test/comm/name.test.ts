import { expect, test } from 'vitest';
import { worldOf } from '../../src/index.ts';
import { memoryTransports } from '../../src/memory/index.ts';

test('errors and deadlock reports call a communicator by its name', async () => {
  const transport = memoryTransports(1)[0]!;
  const world = worldOf(transport);
  const rows = await world.dup();
  const wait = (tag: number) => rows.recv({ tag, signal: AbortSignal.timeout(20) });
  await expect(wait(1)).rejects.toThrow('recv source=ANY_SOURCE tag=1 on world.dup1');
  rows.name = 'rows';
  const waiting = wait(2);
  expect(transport.pending().join()).toContain('tag=2 on rows');
  await expect(waiting).rejects.toThrow('tag=2 on rows: timed out');
  await rows.free();
  await expect(rows.send('x', { dest: 0 })).rejects.toThrow('on rows');
  await transport.close();
});
