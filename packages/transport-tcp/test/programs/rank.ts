// One rank of a job of frames, driven by messages of the test that forked it.
import { readFileSync } from 'node:fs';
import { join } from '../../src/join.ts';
import { optionsFromEnvironment } from '../../src/options.ts';
import { headerOf } from '../frame-job.ts';

const rank = Number(process.env.PAR_RANK);
const size = Number(process.env.PAR_SIZE);
const { link, control } = await join({
  ...optionsFromEnvironment({ rank, size }, process.env),
  connect: process.env.TEST_CONNECT === 'lazy' ? 'lazy' : undefined,
});
const tell = (event: string, data: unknown = undefined): void => void process.send?.({ event, data });

/** Bytes set in a large payload: around every 2 ** 30, where writes and reads are split, and at its ends. */
const marks = (length: number): number[] =>
  [0, length - 1, ...[1, 2, 3].flatMap((gib) => [gib * 2 ** 30 - 1, gib * 2 ** 30])].filter((at) => at < length);

let frames = 0;
let payload = new Uint8Array(0);
let echo = false;
link.start({
  begin(_source, _header, length) {
    if (payload.length !== length) payload = new Uint8Array(length);
    return payload;
  },
  end(source) {
    frames++;
    if (payload.length >= 2 ** 30) {
      tell('large', {
        length: payload.length,
        intact: marks(payload.length).every((at, index) => payload[at] === index + 1),
      });
    }
    if (echo) void link.send(source, headerOf(0, payload.length), payload);
  },
  lost: (lost, error) => tell('lost', { rank: lost, code: (error as { code?: string } | undefined)?.code }),
  aborted: (status, reason, by) => {
    tell('aborted', { status, reason, rank: by });
    process.exit(status);
  },
});
await link.connected();
control.onRequest('pending', () => [`recv of rank ${rank}`]);
tell('connected');

interface Order {
  readonly order:
    | 'wait'
    | 'echo'
    | 'flood'
    | 'large'
    | 'stream'
    | 'quiet'
    | 'memory'
    | 'secrets'
    | 'cpu'
    | 'close'
    | 'leave'
    | 'busy';
  readonly count?: number;
}

process.on('message', async ({ order, count = 0 }: Order) => {
  switch (order) {
    case 'wait':
      link.waiting(true);
      break;
    case 'echo':
      echo = true;
      link.waiting(true);
      tell('echoing');
      break;
    case 'flood': {
      const header = headerOf(0, 8);
      const bytes = new Uint8Array(8);
      const [next, from] = [(rank + 1) % size, frames];
      link.waiting(true);
      for (let i = 0; i < count; i++) {
        const blocked = link.send(next, header, bytes);
        if (blocked !== undefined) await blocked;
        // Every message is answered; at most 512 of them are under way.
        while (i - (frames - from) > 512) await new Promise(setImmediate);
      }
      while (frames - from < count) await new Promise(setImmediate);
      link.waiting(false);
      tell('flooded', frames - from);
      break;
    }
    case 'large': {
      const bytes = new Uint8Array(count);
      for (const [index, at] of marks(count).entries()) bytes[at] = index + 1;
      await link.send((rank + 1) % size, headerOf(0, count), bytes);
      tell('sent');
      break;
    }
    case 'quiet':
      echo = false;
      tell('quiet');
      break;
    case 'stream': {
      const bytes = new Uint8Array(64 * 2 ** 20);
      for (const [index, at] of marks(bytes.length).entries()) bytes[at] = index + 1;
      for (let i = 0; i < count; i++) await link.send((rank + 1) % size, headerOf(0, bytes.length), bytes);
      tell('streamed');
      break;
    }
    case 'memory':
      tell('memory', process.memoryUsage.rss());
      break;
    case 'cpu': {
      const start = process.cpuUsage();
      setTimeout(() => {
        const { user, system } = process.cpuUsage(start);
        tell('cpu', (user + system) / 1000 / count);
      }, count);
      break;
    }
    case 'secrets':
      tell('secrets', {
        environment: JSON.stringify(process.env),
        commandLine: process.platform === 'linux' ? readFileSync('/proc/self/cmdline', 'utf8') : process.argv.join(' '),
      });
      break;
    case 'busy':
      process.send!({ event: 'deaf' }, () => {
        // As deaf as one that computes, and leaves the core to other tests.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, count);
        tell('busy');
      });
      break;
    case 'close':
      await link.close();
      process.disconnect();
      break;
    case 'leave':
      link.leave();
      process.exit(0);
  }
});
