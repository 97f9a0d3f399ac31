import type { ConformanceCase } from '../case.ts';
import { tagged } from '../tagged.ts';

const valuesAndBuffers: ConformanceCase = {
  name: 'a value met by a buffer receive, and a buffer met by a value receive, are errors that consume the message',
  requires: 'detectsMismatch',
  async run(comm, t) {
    const { rank, size } = comm;
    const dest = (rank + 1) % size;
    const source = (rank + size - 1) % size;
    for (const length of [10, 100_000]) {
      for (const posted of [true, false]) {
        const what = `${length} bytes, ${posted ? 'posted before' : 'received after'} the send`;
        const receives = () => [
          comm.recvInto(new Uint8Array(length), { source, tag: 1 }),
          comm.recv({ source, tag: 2 }),
          comm.recvInto(new Float64Array(length), { source, tag: 3 }),
        ];
        const early = posted ? receives() : [];
        for (const receive of early) receive.catch(() => undefined);
        const sends = [
          comm.send({ data: new Uint8Array(length) }, { dest, tag: 1 }),
          comm.sendBuffer(new Uint8Array(length), { dest, tag: 2 }),
          comm.sendBuffer(new Float32Array(length), { dest, tag: 3 }),
        ];
        if (!posted) for (const tag of [1, 2, 3]) await comm.probe({ source, tag });
        const [buffer, value, type] = posted ? early : receives();
        await t.rejects(buffer!, 'PAR_MISMATCH', `a value into a buffer, ${what}`);
        await t.rejects(value!, 'PAR_MISMATCH', `a buffer as a value, ${what}`);
        await t.rejects(type!, 'PAR_MISMATCH', `Float32Array into Float64Array, ${what}`);
        await Promise.all(sends);
        const next = await comm.sendrecv(tagged(rank, dest), { dest, source });
        t.equal(next, tagged(source, rank), `the next message, ${what}`);
      }
    }
  },
};

const mprobed: ConformanceCase = {
  name: 'a probed message received as what it is not is an error',
  requires: 'detectsMismatch',
  async run(comm, t) {
    const { rank } = comm;
    await comm.send('a value', { dest: rank, tag: 1 });
    await comm.sendBuffer(new Uint8Array(4), { dest: rank, tag: 2 });
    const value = await comm.mprobe({ tag: 1 });
    await t.rejects(value.recvInto(new Uint8Array(100)), 'PAR_MISMATCH', 'a value into a buffer');
    const buffer = await comm.mprobe({ tag: 2 });
    await t.rejects(buffer.recv(), 'PAR_MISMATCH', 'a buffer as a value');
  },
};

export const mismatch: readonly ConformanceCase[] = [valuesAndBuffers, mprobed];
