// Ping-pong over bare node:net sockets between two processes, asleep in epoll and with a turning event loop: what
// sockets cost before par adds anything. Prints: name bytes microseconds (one way, median).
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const sizes = [8, 64, 512, 4096, 32_768, 262_144, 2 ** 20];

/** Sends what it receives back, message by message, or starts with the first. */
function play(socket: net.Socket, bytes: number, rounds: number, first: boolean, turning: boolean): Promise<number[]> {
  return new Promise((resolve) => {
    const message = Buffer.alloc(bytes);
    const samples: number[] = [];
    let missing = bytes;
    let start = performance.now();
    let playing = true;
    const turn = (): void => {
      if (playing && turning) setImmediate(turn);
    };
    const listener = (chunk: Buffer): void => {
      missing -= chunk.length;
      if (missing > 0) return;
      missing = bytes;
      const now = performance.now();
      samples.push((now - start) / 2);
      start = now;
      if (first && samples.length === rounds) {
        finish();
        return;
      }
      socket.write(message);
      if (!first && samples.length === rounds) finish();
    };
    const finish = (): void => {
      playing = false;
      socket.off('data', listener);
      resolve(samples);
    };
    socket.on('data', listener);
    if (first) socket.write(message);
    turn();
  });
}

async function playAll(socket: net.Socket, kind: string, first: boolean): Promise<void> {
  socket.setNoDelay(true);
  for (const turning of [false, true]) {
    for (const bytes of sizes) {
      const rounds = bytes > 65_536 ? 200 : 2000;
      const samples = (await play(socket, bytes, rounds, first, turning)).slice(rounds / 10).sort((a, b) => a - b);
      const median = samples[samples.length >> 1]! * 1000;
      if (first) console.log(`raw-${kind}-${turning ? 'turning' : 'asleep'}`, bytes, median.toFixed(3));
    }
  }
  socket.end();
}

const [address, kind] = process.argv.slice(2);
if (address && kind) {
  const socket = kind === 'unix' ? net.connect(address) : net.connect(Number(address), '127.0.0.1');
  await playAll(socket, kind, false);
} else {
  const folder = mkdtempSync(join(tmpdir(), 'raw-sockets-'));
  for (const kind of ['unix', 'tcp']) {
    const server = net.createServer();
    const path = join(folder, 'socket');
    await new Promise<void>((resolve) => {
      if (kind === 'unix') server.listen(path, resolve);
      else server.listen(0, '127.0.0.1', resolve);
    });
    const accepted = new Promise<net.Socket>((resolve) => server.once('connection', resolve));
    const where = server.address();
    fork(process.argv[1]!, [typeof where === 'string' ? where : String(where?.port), kind]);
    await playAll(await accepted, kind, true);
    server.close();
  }
  rmSync(folder, { recursive: true });
}
