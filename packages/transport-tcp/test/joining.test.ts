import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { worldOf } from '@par/comm-core';
import { matching } from '@par/comm-core/transport';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { join } from '../src/join.ts';
import { optionsFromEnvironment, type TcpOptions } from '../src/options.ts';
import { type Member, type Rendezvous, type RendezvousOptions, startRendezvous } from '../src/rendezvous/index.ts';
import { headerOf, Inbox } from './frame-job.ts';

let directory: string;
let rendezvous: Rendezvous | undefined;
const secret = randomBytes(32);

beforeEach(() => {
  directory = mkdtempSync(joinPath(tmpdir(), 'par-test-'));
});

afterEach(async () => {
  await rendezvous?.close();
  rendezvous = undefined;
  rmSync(directory, { recursive: true, force: true });
});

async function meet(size: number, options: Partial<RendezvousOptions> = {}): Promise<(rank: number) => TcpOptions> {
  rendezvous = await startRendezvous({ listen: `unix:${directory}/job/r`, size, job: 'j', secret, ...options });
  return (rank) => ({ rank, size, job: 'j', secret, rendezvous: rendezvous!.address, spin: 0 });
}

test('ranks of different hosts talk over TCP, ranks of one host over Unix sockets', async () => {
  const optionsOf = await meet(3, { listen: 'tcp:127.0.0.1:0' });
  const hosts = ['first host', 'second host', 'first host'];
  const joined = await Promise.all(hosts.map((host, rank) => join(optionsOf(rank), host)));
  const inboxes = joined.map(({ link }) => {
    const inbox = new Inbox();
    link.start(inbox);
    return inbox;
  });
  const { members } = joined[0]!.control;
  expect(members.map((member) => member?.host)).toEqual(hosts);
  for (const { tcp, unix } of members as Member[]) {
    expect(tcp).toMatch(/^tcp:127\.0\.0\.1:\d+$/);
    expect(unix).toMatch(/\.sock$/);
  }
  await Promise.all(joined.map(({ link }) => link.connected()));
  for (const { link } of joined) for (const dest of [0, 1, 2]) void link.send(dest, headerOf(0, 0), undefined);
  await Promise.all(inboxes.map((inbox, rank) => inbox.until(joined[rank]!.link, ({ frames }) => frames.length === 3)));
  for (const { unix } of members as Member[]) expect(() => statSync(unix!)).toThrow('ENOENT');
  await Promise.all(joined.map(({ link }) => link.close()));
});

test('a rendezvous that closes once ranks that have ended are heard of passes their loss on first', async () => {
  const optionsOf = await meet(2);
  const [first, second] = await Promise.all([0, 1].map((rank) => join(optionsOf(rank))));
  const inbox = new Inbox();
  second!.link.start(inbox);
  first!.control.abandon();
  await rendezvous!.drained([0]);
  await rendezvous!.close();
  await inbox.until(second!.link, ({ losses }) => losses.length === 1);
  expect(inbox.losses).toMatchObject([{ rank: 0, error: { code: 'PAR_PEER_LOST' } }]);
  await second!.link.close();
});

test('hosts of one name are told apart by splitByHost', async () => {
  const optionsOf = await meet(3, { listen: 'tcp:127.0.0.1:0' });
  const joined = await Promise.all(['a', 'b', 'a'].map((host, rank) => join(optionsOf(rank), host)));
  const transports = joined.map(({ link }) => matching(link));
  await Promise.all(joined.map(({ link }) => link.connected()));
  const split = await Promise.all(transports.map((transport) => worldOf(transport).splitByHost()));
  expect(split.map(({ rank, size }) => [rank, size])).toEqual([
    [0, 2],
    [0, 1],
    [1, 2],
  ]);
  await Promise.all(transports.map((transport) => transport.close()));
});

test('without the directory that TMPDIR names, a rank that needs it says so, and one that uses TCP only does without', async () => {
  const optionsOf = await meet(1, { listen: 'tcp:127.0.0.1:0' });
  vi.stubEnv('TMPDIR', joinPath(directory, 'nowhere'));
  await expect(join(optionsOf(0))).rejects.toMatchObject({ code: 'PAR_ENVIRONMENT', message: /nowhere.*set TMPDIR/ });
  await rendezvous!.close();
  const again = await meet(1, { listen: 'tcp:127.0.0.1:0' });
  const { link } = await join({ ...again(0), family: 'tcp' });
  vi.unstubAllEnvs();
  await link.close();
});

test('the directory of the sockets is closed to others, and one that is not is refused', async () => {
  await meet(1);
  expect(statSync(joinPath(directory, 'job')).mode & 0o777).toBe(0o700);
  chmodSync(directory, 0o755);
  await expect(startRendezvous({ listen: `unix:${directory}/r`, size: 1, job: 'j', secret })).rejects.toMatchObject({
    code: 'PAR_ENVIRONMENT',
  });
  expect(readdirSync(directory)).toEqual(['job']);
});

test('a rank that waits for the others learns that one of them will not come', async () => {
  const optionsOf = await meet(3);
  const waiting = [0, 2].map((rank) => join(optionsOf(rank)));
  rendezvous!.lost(1, 'it exited with status 7');
  for (const rank of waiting)
    await expect(rank).rejects.toMatchObject({ code: 'PAR_PEER_LOST', rank: 1, message: /status 7/ });
  await expect(rendezvous!.complete).rejects.toMatchObject({ code: 'PAR_PEER_LOST' });
});

test('ranks that do not join in time are named, and abort the job', async () => {
  const aborts: unknown[] = [];
  const notices: string[] = [];
  const absence = { after: 50, tell: (text: string) => notices.push(text) };
  const optionsOf = await meet(4, { joinTimeout: 100, absence, onAbort: (...abort) => aborts.push(abort) });
  const waiting = [1, 2].map((rank) => join(optionsOf(rank)));
  for (const rank of waiting)
    await expect(rank).rejects.toMatchObject({ code: 'PAR_ABORTED', message: /ranks 0, 3 did not join/ });
  expect(aborts).toEqual([[-1, 1, 'ranks 0, 3 did not join within 0.1 s']]);
  expect(notices).toEqual(['2 of 4 ranks have not called init after 0.05 s: 0, 3']);
});

test('two processes that were given the same rank: the second is told', async () => {
  const optionsOf = await meet(2);
  const first = join(optionsOf(0));
  const fate = expect(first).rejects.toMatchObject({ code: 'PAR_PEER_LOST' });
  await expect.poll(() => rendezvous!.announcement(0)).toBeDefined();
  await expect(join(optionsOf(0))).rejects.toMatchObject({
    code: 'PAR_TRANSPORT',
    message: /same PAR_RANK/,
  });
  rendezvous!.lost(1, 'the test is over');
  await fate;
});

test('a rank may start before its rendezvous', async () => {
  const early = join({ rank: 0, size: 1, job: 'j', secret, rendezvous: `unix:${directory}/job/r` });
  await meet(1);
  const { link } = await early;
  await link.close();
});

test('a rendezvous that never appears is an error that names its address', async () => {
  const nowhere = join({ rank: 0, size: 1, job: 'j', secret, rendezvous: `unix:${directory}/r`, connectTimeout: 50 });
  await expect(nowhere).rejects.toMatchObject({
    code: 'PAR_TRANSPORT',
    message: expect.stringContaining(`unix:${directory}/r`),
  });
});

describe('the environment', () => {
  const good = { PAR_RENDEZVOUS: 'unix:/r', PAR_SECRET: 'ab'.repeat(32), PAR_JOB: 'j' };

  test('gives the options, and loses the secret', () => {
    const env = { ...good, PAR_TCP_FAMILY: 'tcp', PAR_SPIN: '20', PAR_SECURE: '1' };
    expect(optionsFromEnvironment({ rank: 1, size: 2 }, env)).toMatchObject({
      rank: 1,
      size: 2,
      job: 'j',
      rendezvous: 'unix:/r',
      secret: Buffer.alloc(32, 0xab),
      family: 'tcp',
      spin: 20,
      secure: true,
    });
    expect(env.PAR_SECRET).toBeUndefined();
  });

  test.each([
    { PAR_SECRET: undefined },
    { PAR_SECRET: 'abcd' },
    { PAR_RENDEZVOUS: undefined },
    { PAR_TCP_FAMILY: 'udp' },
    { PAR_SPIN: 'fast' },
    { PAR_SPIN: '-1' },
  ])('is refused with %o', (wrong) => {
    expect(() => optionsFromEnvironment({ rank: 0, size: 1 }, { ...good, ...wrong })).toThrow(
      expect.objectContaining({ code: 'PAR_ENVIRONMENT' }),
    );
  });

  test.each(['', 'unix:', 'tcp:host', 'tcp:host:99999', 'tcp::1:5', 'http://x', `unix:/${'x'.repeat(108)}`])(
    'is refused with the rendezvous %s',
    async (address) => {
      await expect(join({ rank: 0, size: 1, job: 'j', secret, rendezvous: address })).rejects.toMatchObject({
        code: 'PAR_ENVIRONMENT',
      });
    },
  );
});
