import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { enter, type Joined, join } from '../src/join.ts';
import type { EnterOptions, TcpOptions } from '../src/options.ts';
import { type Rendezvous, startRendezvous } from '../src/rendezvous/index.ts';
import { headerOf, Inbox, numberOf } from './frame-job.ts';

const size = 64;
let directory: string;
let rendezvous: Rendezvous;
const started: Joined[] = [];

beforeEach(async () => {
  directory = mkdtempSync(joinPath(tmpdir(), 'par-test-'));
});

afterEach(async () => {
  await Promise.all(started.splice(0).map(({ link }) => link.close()));
  await rendezvous.close();
  rmSync(directory, { recursive: true, force: true });
});

interface Member extends Joined {
  readonly inbox: Inbox;
}

async function meet(initial: number, newcomers = false, ranks = size): Promise<Omit<TcpOptions, 'rank'>> {
  const common = { size: ranks, job: 'j', secret: randomBytes(32) };
  rendezvous = await startRendezvous({ listen: `unix:${directory}/job/r`, initial, newcomers, ...common });
  return { ...common, rendezvous: rendezvous.address, spin: 0 };
}

function newcomer({ rendezvous: address, ...common }: Omit<TcpOptions, 'rank'>, role = 'client'): EnterOptions {
  return { ...common, role, doors: [{ address: `unix:${directory}/absent` }, { address }] };
}

async function start(options: TcpOptions): Promise<Member> {
  const joined = await join(options);
  const inbox = new Inbox();
  joined.link.start(inbox);
  started.push(joined);
  return { ...joined, inbox };
}

test.each([
  ['mesh', 'auto'],
  ['lazy', 'auto'],
  ['mesh', 'tcp'],
] as const)('ranks join a job under way (%s, %s), and all talk to all', async (connect, family) => {
  const common = { ...(await meet(2)), connect, family };
  const first = await Promise.all([0, 1].map((rank) => start({ ...common, rank })));
  await Promise.all(first.map(({ link }) => link.connected()));
  // Sent before there is anybody: it waits.
  void first[0]!.link.send(5, headerOf(7, 0), undefined);
  const late = await Promise.all([7, 5, 6].map((rank) => start({ ...common, rank })));
  await Promise.all(late.map(({ link }) => link.connected()));
  const all = [...first, ...late];
  for (const { link } of all) for (const other of all) void link.send(other.link.rank, headerOf(1, 0), undefined);
  await Promise.all(
    all.map(({ inbox, link }) =>
      inbox.until(link, ({ frames }) => frames.filter((f) => numberOf(f) === 1).length === 5),
    ),
  );
  expect(late[1]!.inbox.frames.filter((frame) => numberOf(frame) === 7)).toMatchObject([{ source: 0 }]);
});

test('who joins late learns who is gone, and a rank that never comes is lost for all', async () => {
  const common = await meet(3);
  const first = await Promise.all([0, 1, 2].map((rank) => start({ ...common, rank })));
  await Promise.all(first.map(({ link }) => link.connected()));
  await first[1]!.link.close();
  rendezvous.lost(9, 'its process did not start');
  const late = await start({ ...common, rank: 4 });
  await late.link.connected();
  await late.inbox.until(late.link, ({ losses }) => losses.length === 2);
  expect(late.inbox.losses.find(({ rank }) => rank === 1)).toEqual({ rank: 1, error: undefined });
  expect(late.inbox.losses.find(({ rank }) => rank === 9)!.error).toMatchObject({ code: 'PAR_PEER_LOST' });
  const [zero] = first;
  await zero!.inbox.until(zero!.link, ({ losses }) => losses.some(({ rank }) => rank === 9));
  await expect(zero!.link.send(9, headerOf(1, 0), undefined)).rejects.toMatchObject({ code: 'PAR_PEER_LOST' });
});

test.each(['mesh', 'lazy'] as const)(
  'whoever knows the secret gets a free rank, and all are told its role (%s)',
  async (connect) => {
    const common = { ...(await meet(1, true, 4)), connect };
    const zero = await start({ ...common, rank: 0 });
    await zero.link.connected();
    const arrivals: [number, string][] = [];
    zero.link.onArrival((rank, role) => arrivals.push([rank, role]));
    expect(rendezvous.reserve()).toBe(1);
    const entered: Member[] = [];
    for (const role of ['client', 'worker']) {
      const joined = await enter(newcomer(common, role));
      const inbox = new Inbox();
      joined.link.start(inbox);
      started.push(joined);
      await joined.link.connected();
      entered.push({ ...joined, inbox });
    }
    expect(entered.map(({ link }) => link.rank)).toEqual([2, 3]);
    for (const { link } of entered) for (const to of [0, 2, 3]) void link.send(to, headerOf(to, 0), undefined);
    for (const { link, inbox } of [zero, ...entered]) await inbox.until(link, ({ frames }) => frames.length === 2);
    expect(arrivals).toEqual([
      [2, 'client'],
      [3, 'worker'],
    ]);
    const late: [number, string][] = [];
    entered[1]!.link.onArrival((rank, role) => late.push([rank, role]));
    expect(late).toContainEqual([2, 'client']);
    await expect(enter(newcomer(common))).rejects.toThrow(/all 4 ranks .* have been given away/);
  },
);

test('nobody gets a rank who does not know the secret, or where none are given', async () => {
  const common = await meet(1, true);
  const stranger = newcomer({ ...common, secret: randomBytes(32) });
  await expect(enter(stranger)).rejects.toMatchObject({ code: 'PAR_TRANSPORT' });
  expect(rendezvous.reserve()).toBe(1);
  await rendezvous.close();
  const closed = await meet(1);
  await expect(enter(newcomer(closed))).rejects.toThrow('this job takes nobody in');
});
