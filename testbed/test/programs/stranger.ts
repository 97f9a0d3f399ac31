// Tries to get into the job whose ranks listen at the addresses given, and prints what it was told, as JSON.
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { Credentials, writeHello } from '../../../packages/transport-tcp/src/wire/handshake.ts';

const [job, universe, ...targets] = process.argv.slice(2) as [string, string, ...string[]];

function knock(target: string, say: Uint8Array | undefined, andThen?: (answer: Buffer, socket: Socket) => void) {
  const [host, port] = target.split(':') as [string, string];
  return new Promise<number>((resolve) => {
    let answer = Buffer.alloc(0);
    const socket = connect(Number(port), host, () => say && socket.write(say));
    socket.on('data', (chunk) => {
      answer = Buffer.concat([answer, chunk]);
      andThen?.(answer, socket);
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(answer.length));
  });
}

async function visit(target: string, rank: number): Promise<readonly [string, number[]]> {
  const hello = writeHello(new Credentials(1 - rank, Number(universe), job, randomBytes(32)), 'peer', rank);
  const attempts = await Promise.all([
    knock(target, randomBytes(4096)),
    knock(target, Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'.padEnd(200))),
    // Knows everything but the secret: it is challenged, and fails to answer, by guessing and by saying back what it was told.
    knock(target, hello, (answer, socket) => void (answer.length === 72 && socket.write(randomBytes(40)))),
    knock(target, hello, (answer, socket) => {
      if (answer.length === 72) socket.write(Buffer.concat([answer.subarray(0, 8), answer.subarray(40)]));
    }),
  ]);
  // Says nothing, many times over.
  const silent = await Promise.all(Array.from({ length: 80 }, () => knock(target, undefined)));
  return [target, [...attempts, ...silent]];
}

console.log(JSON.stringify(Object.fromEntries(await Promise.all(targets.map(visit)))));
