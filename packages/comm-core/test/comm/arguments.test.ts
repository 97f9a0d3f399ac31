import { describe, expect, it } from 'vitest';
import type { Communicator } from '../../src/index.ts';
import { onRanks } from '../topology/on-ranks.ts';

/** What people type who know the calls of mpi4py; each must be refused, never taken for something else. */
const calls: Record<string, (world: Communicator) => unknown> = {
  'recv(0)': (world) => world.recv(0 as never),
  'recv(null)': (world) => world.recv(null as never),
  'recvMessage(0)': (world) => world.recvMessage(0 as never),
  'recvInto(buffer, 0)': (world) => world.recvInto(new Uint8Array(1), 0 as never),
  'probe(0)': (world) => world.probe(0 as never),
  'iprobe(0)': (world) => world.iprobe(0 as never),
  'mprobe(0)': (world) => world.mprobe(0 as never),
  'improbe(0)': (world) => world.improbe(0 as never),
  'messages(0)': (world) => world.messages(0 as never).next(),
  'send(value, 1)': (world) => world.send('x', 1 as never),
  'sendBuffer(buffer)': (world) => (world.sendBuffer as (buffer: Uint8Array) => unknown)(new Uint8Array(1)),
  'a ready send': (world) => world.send('x', { dest: 0, mode: 'ready' as never }),
  'a buffered send': (world) => world.sendBuffer(new Uint8Array(1), { dest: 0, mode: 'buffered' as never }),
  'bcast(value, 1)': (world) => world.bcast('x', 1 as never),
  'barrier(0)': (world) => world.barrier(0 as never),
  'split()': (world) => (world.split as () => unknown)(),
  'split(0)': (world) => world.split(0 as never),
  'create([0])': (world) => world.create([0] as never),
  'createFromGroup([0])': (world) => world.createFromGroup([0] as never),
  'intercomm()': (world) => (world.intercomm as () => unknown)(),
  'send with milliseconds as signal': (world) => world.send('x', { dest: 0, signal: 5 as never }),
  'recv with milliseconds as signal': (world) => world.recv({ signal: 5 as never }),
  'probe with milliseconds as signal': (world) => world.probe({ signal: 5 as never }),
  'sendrecv with milliseconds as signal': (world) => world.sendrecv('x', { dest: 0, signal: 5 as never }),
  'barrier with milliseconds as signal': (world) => world.barrier({ signal: 5 as never }),
  'dup with milliseconds as signal': (world) => world.dup({ signal: 5 as never }),
};

describe('arguments of the wrong kind', () => {
  it.each(Object.keys(calls))('%s is refused with PAR_ARGUMENT, and nothing is left behind', async (name) => {
    await onRanks(2, async (world) => {
      const refused = (async () => calls[name]!(world))();
      await expect(refused).rejects.toMatchObject({ code: 'PAR_ARGUMENT' });
      await expect(refused).rejects.toBeInstanceOf(TypeError);
      expect(await world.allgather(world.rank)).toEqual([0, 1]);
      expect(world.iprobe()).toBeUndefined();
    });
  });

  it('a rank that is a text is shown as a text', async () => {
    await onRanks(1, async (world) => {
      await expect(world.send('x', { dest: '0' as never })).rejects.toThrow('dest is "0"');
    });
  });
});
