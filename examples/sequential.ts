// A section that the ranks go through one after the other: each adds its line to one file.
//   par run -np 4 sequential.ts
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Communicator, init } from '@par/comm-core';

/** Runs `section` on rank 0, then on rank 1, and so on; resolves on every rank when the last has left it. */
async function sequential<T>(comm: Communicator, section: () => Promise<T>): Promise<T> {
  const gate = await comm.dup();
  if (gate.rank > 0) await gate.recv({ source: gate.rank - 1 });
  const result = await section();
  if (gate.rank < gate.size - 1) await gate.send(null, { dest: gate.rank + 1 });
  await gate.barrier();
  await gate.free();
  return result;
}

const world = await init();
const folder = await world.bcast(world.rank === 0 ? await mkdtemp(join(tmpdir(), 'sequential-')) : '');
const file = join(folder, 'log.txt');

await sequential(world, () => appendFile(file, `rank ${world.rank} was here\n`));

if (world.rank === 0) {
  const text = await readFile(file, 'utf8');
  await rm(folder, { recursive: true });
  const expected = Array.from({ length: world.size }, (_, rank) => `rank ${rank} was here\n`).join('');
  if (text !== expected) throw new Error(`the log is out of order:\n${text}`);
  process.stdout.write(text);
}
