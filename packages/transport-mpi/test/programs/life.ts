// One way for a rank to end, named by the first argument. Every rank says what it is about to do.
import { init } from '@par/comm-core';

const world = await init();
const [way] = process.argv.slice(2);
const last = world.size - 1;

if (way === 'end') {
  // Nothing freed and the send not awaited: both are left to the end of the script.
  const twin = await world.dup();
  if (world.rank === 0) void twin.sendBuffer(new Float64Array(300_000).fill(4), { dest: last, tag: 1 });
  if (world.rank === last) {
    const into = new Float64Array(300_000);
    await twin.recvInto(into, { source: 0, tag: 1 });
    console.log(`received ${into.reduce((a, b) => a + b)}`);
  }
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
    process.on('exit', () => late.abort());
    process.exit(0);
  }
  if (world.rank === last) console.log(await world.recv({ source: 0 }));
} else if (way === 'throw') {
  if (world.rank === last) throw new Error('thrown on purpose');
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
