import type { Communicator } from '../../comm/communicator.ts';
import { SUM } from '../../index.ts';
import type { ConformanceCase } from '../case.ts';
import { tagged } from '../tagged.ts';

const TAG = 11;

/** Every operation that waits for a message nobody sends, or for a receive nobody posts. */
const WAITS: Record<string, (comm: Communicator, peer: number, signal: AbortSignal) => Promise<unknown>> = {
  recv: (comm, source, signal) => comm.recv({ source, tag: TAG, signal }),
  recvMessage: (comm, source, signal) => comm.recvMessage({ source, tag: TAG, signal }),
  'recv from ANY_SOURCE': (comm, _, signal) => comm.recv({ tag: TAG, signal }),
  recvInto: (comm, source, signal) => comm.recvInto(new Int32Array(4), { source, tag: TAG, signal }),
  probe: (comm, source, signal) => comm.probe({ source, tag: TAG, signal }),
  mprobe: (comm, source, signal) => comm.mprobe({ source, tag: TAG, signal }),
  'sendrecv from self': (comm, _, signal) =>
    comm.sendrecv('kept', { dest: comm.rank, source: comm.rank, sendTag: TAG + 1, recvTag: TAG, signal }),
};

async function reusable(comm: Communicator, peer: number, from: number): Promise<[unknown, unknown]> {
  const value = await comm.sendrecv(tagged(comm.rank, peer), { dest: peer, source: from, sendTag: TAG, recvTag: TAG });
  return [value, tagged(from, comm.rank)];
}

const receives: ConformanceCase[] = Object.entries(WAITS).map(([name, wait]) => ({
  name: `${name} is cancelled by its signal, and the next message goes to the next receive`,
  async run(comm, t) {
    const peer = (comm.rank + 1) % comm.size;
    const from = (comm.rank + comm.size - 1) % comm.size;
    const controller = new AbortController();
    const waiting = wait(comm, from, controller.signal);
    const reason = new Error('enough');
    await t.unsettled(waiting, name);
    controller.abort(reason);
    const error = await t.rejects(waiting, 'PAR_CANCELLED', name);
    t.equal(error.name, 'AbortError', 'its name');
    t.ok(error.cause === reason, 'its cause is the reason of the signal');
    await t.rejects(wait(comm, from, controller.signal), 'PAR_CANCELLED', `${name} with a signal that has fired`);
    const timedOut = await t.rejects(
      wait(comm, from, AbortSignal.timeout(5)),
      'PAR_TIMEOUT',
      `${name} with a deadline`,
    );
    t.equal(timedOut.name, 'TimeoutError', 'name of the deadline error');
    // Nobody may send before everyone has given up.
    await comm.barrier();
    while (comm.iprobe({ source: comm.rank, tag: TAG + 1 })) await comm.recv({ source: comm.rank, tag: TAG + 1 });
    const [got, expected] = await reusable(comm, peer, from);
    t.equal(got, expected, 'the next message');
  },
}));

const afterMatch: ConformanceCase = {
  name: 'a signal that fires after the message came changes nothing',
  async run(comm, t) {
    const { rank } = comm;
    const controller = new AbortController();
    const { signal } = controller;
    const received = comm.recv({ source: rank, tag: TAG, signal });
    await comm.send('here', { dest: rank, tag: TAG, signal });
    t.equal(await received, 'here', 'the value');
    controller.abort();
    await t.unsettled(new Promise(() => undefined), 'nothing');
    await comm.send('again', { dest: rank, tag: TAG });
    t.equal(await comm.recv({ source: rank, tag: TAG }), 'again', 'the next value');
  },
};

const synchronousSends: ConformanceCase = {
  name: 'a cancelled synchronous send is either withdrawn or still delivered, and the communicator goes on',
  async run(comm, t) {
    const { rank } = comm;
    for (const send of [
      (signal: AbortSignal) => comm.send('doubtful', { dest: rank, tag: TAG, mode: 'synchronous', signal }),
      (signal: AbortSignal) =>
        comm.sendBuffer(new Uint8Array(100_000), { dest: rank, tag: TAG, mode: 'synchronous', signal }),
    ]) {
      const controller = new AbortController();
      const sending = send(controller.signal);
      await comm.probe({ source: rank, tag: TAG });
      controller.abort();
      await t.rejects(sending, 'PAR_CANCELLED', 'the send');
      await comm.send('marker', { dest: rank, tag: TAG });
      // Withdrawn: the marker is all there is. Delivered: it comes first, and is consumed here.
      let message = await comm.mprobe({ source: rank, tag: TAG });
      if (message.bytes >= 100_000) await message.recvInto(new Uint8Array(100_000));
      else if ((await message.recv()) === 'marker') continue;
      message = await comm.mprobe({ source: rank, tag: TAG });
      t.equal(await message.recv(), 'marker', 'the message after the delivered one');
    }
  },
};

/** Collectives that no other rank can finish without rank 0. */
const COLLECTIVES: Record<string, (comm: Communicator, signal: AbortSignal) => Promise<unknown>> = {
  barrier: (comm, signal) => comm.barrier({ signal }),
  bcast: (comm, signal) => comm.bcast(1, { root: 0, signal }),
  bcastInto: (comm, signal) => comm.bcastInto(new Int32Array(2), { root: 0, signal }),
  scatter: (comm, signal) => comm.scatter(new Array(comm.size).fill(1), { root: 0, signal }),
  allgather: (comm, signal) => comm.allgather(1, { signal }),
  alltoall: (comm, signal) => comm.alltoall(new Array(comm.size).fill(1), { signal }),
  allreduce: (comm, signal) => comm.allreduce(1, SUM, { signal }),
  allreduceInto: (comm, signal) => comm.allreduceInto(new Int32Array(2), new Int32Array(2), SUM, { signal }),
  scan: (comm, signal) => comm.scan(1, SUM, { signal }),
};

const collectives: ConformanceCase = {
  name: 'ranks that wait in collectives for one that does not come give up at their deadline',
  minSize: 2,
  async run(comm, t) {
    const { rank, size } = comm;
    const twin = await comm.dup();
    const calls = Object.entries(COLLECTIVES);
    if (rank === 0) {
      for (let peer = 1; peer < size; peer++) await comm.recv({ source: peer, tag: TAG });
      // Comes too late: the others have given up, or, where the transport cannot take back what it does, are still in it.
      const signal = AbortSignal.timeout(20);
      for (const result of await Promise.allSettled(calls.map(([, call]) => call(twin, signal)))) {
        const code = result.status === 'rejected' ? (result.reason as { code?: string }).code : 'PAR_TIMEOUT';
        t.equal(code, 'PAR_TIMEOUT', 'how the late rank ends');
      }
    } else {
      const signal = AbortSignal.timeout(20);
      const waiting = calls.map(([, call]) => call(twin, signal));
      await Promise.all(waiting.map((promise, i) => t.rejects(promise, 'PAR_TIMEOUT', calls[i]![0])));
      await comm.send('gave up', { dest: 0, tag: TAG });
    }
    const gone = AbortSignal.abort();
    for (const [name, call] of calls)
      await t.rejects(call(twin, gone), 'PAR_CANCELLED', `${name} with a signal that has fired`);
    t.equal(await comm.allreduce(1, SUM), size, 'the original communicator');
  },
};

export const cancel: readonly ConformanceCase[] = [...receives, afterMatch, synchronousSends, collectives];
