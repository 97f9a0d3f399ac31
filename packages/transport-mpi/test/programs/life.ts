// One way for a rank to end, named by the first argument. Every rank says what it is about to do.
import { spawn } from 'node:child_process';
import { init, SUM } from '@par/comm-core';

const world = await init();
const [way] = process.argv.slice(2);
const last = world.size - 1;

/** What everything a program can still ask for once MPI has ended rejects with. */
async function asked(): Promise<string> {
  const buffer = new Float64Array(4);
  const calls: (() => unknown)[] = [
    () => world.send('late', { dest: last }),
    () => world.send({ late: new Float64Array(10_000) }, { dest: 0, mode: 'synchronous' }),
    () => world.sendBuffer(buffer, { dest: world.rank }),
    () => world.recv({ source: 0 }),
    () => world.recvInto(buffer, { source: 0 }),
    () => world.probe(),
    () => world.iprobe(),
    () => world.improbe(),
    () => world.barrier(),
    () => world.bcast('late', { root: 0 }),
    () => world.bcastInto(buffer, { root: 0 }),
    () => world.allreduceInto(buffer, new Float64Array(4), SUM),
    () => world.alltoall(new Array(world.size).fill(0)),
    () => world.dup(),
    () => world.split({ color: 0 }),
    () => world.cartesian([world.size]),
  ];
  const ends = await Promise.allSettled(calls.map(async (call) => call()));
  return [...new Set(ends.map((end) => (end.status === 'rejected' ? String(end.reason.code) : end.status)))].join();
}

if (way === 'end') {
  // Nothing freed and the send not awaited: both are left to the end of the script.
  const twin = await world.dup();
  if (world.rank === 0) void twin.sendBuffer(new Float64Array(300_000).fill(4), { dest: last, tag: 1 });
  if (world.rank === last) {
    const into = new Float64Array(300_000);
    await twin.recvInto(into, { source: 0, tag: 1 });
    console.log(`received ${into.reduce((a, b) => a + b)}`);
  }
  // Comes again when the loop has run empty once more: after the end of MPI.
  process.once('beforeExit', () => process.once('beforeExit', async () => console.log(`late: ${await asked()}`)));
} else if (way === 'exit 0') {
  if (world.rank === 0) {
    // Nobody ever sends this.
    world.recv({ source: last, tag: 9 }).catch(() => undefined);
    // These are given up, and MPI has had no turn to say so.
    const stop = new AbortController();
    for (let tag = 10; tag < 30; tag++) {
      world.recv({ source: last, tag, signal: stop.signal }).catch(() => undefined);
      world.recvInto(new Float64Array(4), { source: last, tag, signal: stop.signal }).catch(() => undefined);
    }
    await world.send('last words', { dest: last });
    stop.abort();
    // Fires when MPI has ended.
    const late = new AbortController();
    world.recv({ source: last, tag: 9, signal: late.signal }).catch(() => undefined);
    process.on('exit', () => {
      late.abort();
      // Nobody is told any more, but this is no crash either.
      asked();
    });
    process.exit(0);
  }
  if (world.rank === last) console.log(await world.recv({ source: 0 }));
} else if (way === 'throw') {
  if (world.rank === last) {
    // The launcher finds the stack and the abort together when it looks again.
    process.kill(process.ppid, 'SIGSTOP');
    spawn('sh', ['-c', `sleep 0.3; kill -CONT ${process.ppid}`], { detached: true, stdio: 'ignore' });
    throw new Error('thrown on purpose');
  }
  await world.recv({ source: last });
} else if (way === 'exit 7') {
  if (world.rank === last) process.exit(7);
  await world.recv({ source: last });
} else if (way === 'abort') {
  if (world.rank === last) world.abort(9);
  await world.recv({ source: last });
} else if (way === 'kill') {
  if (world.rank === last) process.kill(process.pid, 'SIGKILL');
  await world.recv({ source: last });
}
