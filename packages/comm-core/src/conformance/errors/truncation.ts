import { TruncationError } from '../../errors.ts';
import type { ConformanceCase } from '../case.ts';
import { taggedBytes } from '../tagged.ts';

const LENGTHS = [8, 1000, 65_537, 300_000];

const truncated: ConformanceCase = {
  name: 'a message longer than its buffer is a truncation error that consumes it, and the next one is received whole',
  async run(comm, t) {
    const { rank, size } = comm;
    const dest = (rank + 1) % size;
    const source = (rank + size - 1) % size;
    for (const length of LENGTHS) {
      for (const posted of [true, false]) {
        const short = new Uint8Array(length - 1).fill(7);
        const early = posted ? comm.recvInto(short, { source, tag: 1 }) : undefined;
        early?.catch(() => undefined);
        const sends = [
          comm.sendBuffer(taggedBytes(length, rank, dest, 1), { dest, tag: 1 }),
          comm.sendBuffer(taggedBytes(length, rank, dest, 2), { dest, tag: 1 }),
        ];
        if (!posted) await comm.probe({ source, tag: 1 });
        const receiving = early ?? comm.recvInto(short, { source, tag: 1 });
        const what = `${length} bytes, ${posted ? 'posted before' : 'received after'} the send`;
        const error = await t.rejects(receiving, 'PAR_TRUNCATED', what);
        t.ok(error instanceof TruncationError, 'the class');
        const { bytes, capacity } = error as TruncationError;
        t.equal([bytes, capacity], [length, length - 1], 'bytes and capacity');
        const whole = new Uint8Array(length);
        await comm.recvInto(whole, { source, tag: 1 });
        t.equal(whole, taggedBytes(length, source, rank, 2), `the next message, ${what}`);
        await Promise.all(sends);
      }
    }
  },
};

const synchronous: ConformanceCase = {
  name: 'a truncated message settles the synchronous send and the sendrecv it belongs to',
  async run(comm, t) {
    const { rank, size } = comm;
    const dest = (rank + 1) % size;
    const source = (rank + size - 1) % size;
    for (const length of LENGTHS) {
      const sent = comm.sendBuffer(new Uint8Array(length), { dest, tag: 1, mode: 'synchronous' });
      await t.rejects(comm.recvInto(new Uint8Array(2), { source, tag: 1 }), 'PAR_TRUNCATED', `${length} bytes`);
      await sent;
      const both = comm.sendrecvInto(new Uint8Array(length), new Uint8Array(3), { dest, source });
      await t.rejects(both, 'PAR_TRUNCATED', `sendrecvInto of ${length} bytes`);
    }
    const probed = comm.sendBuffer(new Uint8Array(9), { dest, tag: 1 });
    const message = await comm.mprobe({ source, tag: 1 });
    await t.rejects(message.recvInto(new Uint8Array(4)), 'PAR_TRUNCATED', 'after mprobe');
    await probed;
    await comm.barrier();
  },
};

export const truncation: readonly ConformanceCase[] = [truncated, synchronous];
