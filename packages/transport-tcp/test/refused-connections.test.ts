import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { type Address, parseAddress } from '../src/address.ts';
import { greet } from '../src/wire/greet.ts';
import {
  answerChallenge,
  CHALLENGE_BYTES,
  Credentials,
  HELLO_BYTES,
  PROOF_BYTES,
  VERDICT_BYTES,
  writeHello,
} from '../src/wire/handshake.ts';
import { type FrameJob, headerOf, startFrameJob } from './frame-job.ts';

/** A stranger's connection: what it was sent, and whether it was shut out. */
async function knock(address: Address): Promise<Socket & { bytes(count: number): Promise<Buffer> }> {
  const socket = address.family === 'unix' ? connect(address.path) : connect(address.port, address.host);
  socket.on('error', () => {}); // a reset is one way of being shut out
  await once(socket, 'connect');
  let received = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
    socket.emit('more');
  });
  const bytes = async (count: number): Promise<Buffer> => {
    while (received.length < count) await once(socket, 'more');
    const head = received.subarray(0, count);
    received = received.subarray(count);
    return head;
  };
  return Object.assign(socket, { bytes });
}

const shutOut = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once('close', () => resolve());
  });

/** Rank 0's listener: jobs here connect lazily, so that it stays open. */
const listenerOf = (job: FrameJob, rank: number): Address => {
  const { unix, tcp } = job.ranks[0]!.control.members[rank]!;
  return parseAddress(tcp ?? `unix:${unix}`);
};

const impostor = (job: FrameJob, rank: number, size = job.options.size, secret = job.options.secret): Credentials =>
  new Credentials(rank, size, job.options.job, secret);

/** Every pair still talks. */
async function expectUnharmed(job: FrameJob): Promise<void> {
  const before = job.ranks.map(({ inbox }) => inbox.frames.length);
  for (const { link } of job.ranks) {
    for (let dest = 0; dest < job.ranks.length; dest++) void link.send(dest, headerOf(1, 4), new Uint8Array(4));
  }
  for (const [rank, member] of job.ranks.entries()) {
    await member.until(({ frames }) => frames.length === before[rank]! + job.ranks.length);
    expect(member.inbox.losses).toEqual([]);
  }
}

for (const [where, family, target] of [
  ['a Unix listener of a rank', 'unix', 'rank'],
  ['a TCP listener of a rank', 'tcp', 'rank'],
  ['the rendezvous', 'unix', 'rendezvous'],
] as const) {
  const start = (): Promise<FrameJob & { address: Address }> =>
    startFrameJob(3, { family, connect: 'lazy' }).then((job) =>
      Object.assign(job, {
        address: target === 'rank' ? listenerOf(job, 0) : parseAddress(job.rendezvous.address),
      }),
    );
  const to = target === 'rank' ? 0 : 0xffffffff;
  const purpose = target === 'rank' ? 'peer' : 'rendezvous';

  test(`${where} refuses garbage, an HTTP request and huge lengths, and logs it once`, async () => {
    await using job = await start();
    for (const bytes of [
      randomBytes(4096),
      Buffer.from(`GET / HTTP/1.1\r\nHost: localhost\r\n\r\n${' '.repeat(100)}`),
      Buffer.alloc(HELLO_BYTES, 255),
    ]) {
      const stranger = await knock(job.address);
      stranger.write(bytes);
      await shutOut(stranger);
    }
    await job.logged(1);
    expect(job.log).toHaveLength(1);
    expect(job.log[0]).toMatch(/refused a connection from .*does not speak the protocol/);
    await expectUnharmed(job);
  });

  test(`${where} refuses a wrong secret, another job, a wrong target and an impossible rank`, async () => {
    await using job = await start();
    const { size, secret } = job.options;
    const hellos = [
      writeHello(new Credentials(1, size, 'another job', secret), purpose, to),
      writeHello(impostor(job, 1), purpose, 2),
      writeHello(impostor(job, 7), purpose, to),
      writeHello(impostor(job, 1, 9), purpose, to),
      writeHello(impostor(job, 1), purpose === 'peer' ? 'rendezvous' : 'peer', to),
    ];
    for (const hello of hellos) {
      const stranger = await knock(job.address);
      stranger.write(hello);
      await shutOut(stranger);
    }
    const stranger = await knock(job.address);
    const guess = impostor(job, 1, size, randomBytes(32));
    const hello = writeHello(guess, purpose, to);
    stranger.write(hello);
    const challenge = await stranger.bytes(CHALLENGE_BYTES);
    expect(() => answerChallenge(guess, hello, challenge)).toThrow(/does not know the job's secret/);
    const mac = guess.mac('client', hello, challenge.subarray(8, 40));
    stranger.write(Buffer.concat([challenge.subarray(0, 8), mac]));
    await shutOut(stranger);
    await job.logged(3);
    expect(job.log.map((line) => line.replace(/.*: it/, 'it'))).toEqual(
      expect.arrayContaining([
        'it belongs to another job',
        expect.stringMatching(/meant for another/),
        "it does not know the job's secret, or replays an old handshake",
      ]),
    );
    await expectUnharmed(job);
  });

  test(`${where} refuses a replayed handshake and its own proof sent back`, async () => {
    await using job = await start();
    const genuine = impostor(job, 1);
    const hello = writeHello(genuine, purpose, to);
    const first = await knock(job.address);
    first.write(hello);
    const proof = answerChallenge(genuine, hello, await first.bytes(CHALLENGE_BYTES));
    first.destroy();
    const replay = await knock(job.address);
    replay.write(Buffer.concat([hello, proof]));
    await shutOut(replay);
    const mirror = await knock(job.address);
    mirror.write(hello);
    const challenge = await mirror.bytes(CHALLENGE_BYTES);
    mirror.write(Buffer.concat([challenge.subarray(0, 8), challenge.subarray(40)]));
    await shutOut(mirror);
    await job.logged(1);
    expect(job.log.filter((line) => line.includes('replays an old handshake'))).toHaveLength(1);
    await expectUnharmed(job);
  });

  test(`${where} declines a second connection of a connected rank, even with the secret`, async () => {
    await using job = await start();
    await expectUnharmed(job); // connects every pair
    const genuine = impostor(job, 2);
    // The pair's connection was begun by one of the two; a rank whose own attempt won says "busy" without a word in the log.
    const hello = writeHello(genuine, purpose, to);
    const second = await knock(job.address);
    second.write(hello);
    second.write(answerChallenge(genuine, hello, await second.bytes(CHALLENGE_BYTES)));
    const verdict = await second.bytes(VERDICT_BYTES);
    expect(verdict.readUInt32LE(8)).not.toBe(0);
    await shutOut(second);
    await expectUnharmed(job);
  });

  test(`${where} serves ranks while 100 connections that say nothing are open`, async () => {
    await using job = await start();
    const idle = await Promise.all(Array.from({ length: 100 }, () => knock(job.address)));
    await expectUnharmed(job);
    await Promise.all(idle.slice(0, 30).map(shutOut));
    await job.logged(1);
    expect(job.log).toEqual([expect.stringContaining('more than 64 connections that prove nothing')]);
    for (const socket of idle) socket.destroy();
  });
}

test('a connection that stops in the middle of the handshake is closed after the deadline', {
  timeout: 15_000,
}, async () => {
  await using job = await startFrameJob(2, { connect: 'lazy' });
  const silent = await knock(listenerOf(job, 0));
  silent.write(writeHello(impostor(job, 1), 'peer', 0).subarray(0, 50));
  await expectUnharmed(job);
  await shutOut(silent);
  await job.logged(1);
  expect(job.log).toEqual([expect.stringContaining('it let 5000 ms pass in the handshake')]);
});

test('a rank proves nothing to a server that does not know the secret', async () => {
  const secret = randomBytes(32);
  const received: Buffer[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      received.push(chunk);
      socket.write(Buffer.concat([chunk.subarray(0, 8), randomBytes(CHALLENGE_BYTES - 8)]));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const { promise, resolve } = Promise.withResolvers<Error>();
  greet(
    { family: 'tcp', host: '127.0.0.1', port },
    {
      credentials: new Credentials(1, 2, 'job', secret),
      purpose: 'peer',
      to: 0,
      deadline: 10_000,
      accepted: () => expect.unreachable('accepted an impostor'),
      declined: () => expect.unreachable('believed an impostor'),
      failed: resolve,
    },
  );
  await expect(promise).resolves.toMatchObject({ code: 'PAR_PROTOCOL', kind: 'secret' });
  expect(Buffer.concat(received)).toHaveLength(HELLO_BYTES);
  expect(PROOF_BYTES).toBeGreaterThan(0);
  server.close();
});
