import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { RankProcess, startProcessJob } from './process-job.ts';

describe.each(['unix', 'tcp'])('rank processes over %s', (family) => {
  const env = { PAR_TCP_FAMILY: family };

  test('the kill of a rank is reported as PAR_PEER_LOST on every other rank and to the launcher', async () => {
    const lost: number[] = [];
    await using job = await startProcessJob(4, env, { onLost: (rank) => lost.push(rank) });
    for (const rank of job.ranks) rank.order('wait');
    job.ranks[2]!.process.kill('SIGKILL');
    for (const rank of [0, 1, 3])
      expect(await job.ranks[rank]!.next('lost')).toEqual({ rank: 2, code: 'PAR_PEER_LOST' });
    await job.ranks[2]!.ended;
    expect(lost).toEqual([2]);
  });

  test('a rank that does not turn its loop for seconds, as one that computes, is not taken for dead', async () => {
    await using job = await startProcessJob(2, env);
    job.ranks[0]!.order('wait');
    job.ranks[1]!.order('busy', 2500);
    await job.ranks[1]!.next('busy');
    job.ranks[1]!.order('close');
    expect(await job.ranks[0]!.next('lost')).toEqual({ rank: 1, code: undefined });
  });

  test('a rank that says goodbye from process.exit is no loss', async () => {
    const finished: number[] = [];
    await using job = await startProcessJob(3, env, { onFinished: (rank) => finished.push(rank) });
    for (const rank of job.ranks) rank.order('wait');
    job.ranks[1]!.order('leave');
    for (const rank of [0, 2]) expect(await job.ranks[rank]!.next('lost')).toEqual({ rank: 1, code: undefined });
    expect(await job.ranks[1]!.ended).toEqual([0, null]);
    expect(finished).toEqual([1]);
  });

  test('ranks that close end by themselves, and no socket stays in the file system', async () => {
    await using job = await startProcessJob(4, env);
    expect(job.sockets()).toEqual([]);
    for (const rank of job.ranks) rank.order('close');
    for (const rank of job.ranks) expect(await rank.ended).toEqual([0, null]);
  });

  test('memory stays flat over a hundred thousand small messages', { timeout: 60_000 }, async () => {
    await using job = await startProcessJob(2, env);
    job.ranks[1]!.order('echo');
    await job.ranks[1]!.next('echoing');
    const flood = async (count: number): Promise<number[]> => {
      job.ranks[0]!.order('flood', count);
      expect(await job.ranks[0]!.next('flooded')).toBe(count);
      for (const rank of job.ranks) rank.order('memory');
      return Promise.all(job.ranks.map((rank) => rank.next<number>('memory')));
    };
    const before = await flood(30_000);
    const after = await flood(100_000);
    for (const [rank, bytes] of after.entries()) expect(bytes - before[rank]!).toBeLessThan(25e6);
  });
});

test('the kill of a rank that nobody has talked to yet is reported too', async () => {
  await using job = await startProcessJob(3, { TEST_CONNECT: 'lazy' });
  for (const rank of job.ranks) rank.order('wait');
  job.ranks[1]!.process.kill('SIGKILL');
  for (const rank of [0, 2]) expect(await job.ranks[rank]!.next('lost')).toEqual({ rank: 1, code: 'PAR_PEER_LOST' });
});

test('a rank that finishes without having talked is no loss', async () => {
  await using job = await startProcessJob(3, { TEST_CONNECT: 'lazy' });
  for (const rank of job.ranks) rank.order('wait');
  job.ranks[1]!.order('close');
  for (const rank of [0, 2]) expect(await job.ranks[rank]!.next('lost')).toEqual({ rank: 1, code: undefined });
});

test('ranks go on without a rendezvous that was closed on purpose', async () => {
  await using job = await startProcessJob(2);
  await job.rendezvous.close();
  job.ranks[1]!.order('echo');
  await job.ranks[1]!.next('echoing');
  job.ranks[0]!.order('flood', 1000);
  expect(await job.ranks[0]!.next('flooded')).toBe(1000);
  for (const rank of job.ranks) rank.order('close');
  for (const rank of job.ranks) expect(await rank.ended).toEqual([0, null]);
});

test('the death of the launcher aborts every rank', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'par-test-'));
  const env = { PAR_SIZE: '2', PAR_JOB: 'orphans', PAR_SECRET: randomBytes(32).toString('hex') };
  const launcher = new RankProcess({ ...env, LISTEN: `unix:${directory}/r.sock` }, 'launcher.ts');
  const address = await launcher.next<string>('listening');
  const ranks = ['0', '1'].map((rank) => new RankProcess({ ...env, PAR_RANK: rank, PAR_RENDEZVOUS: address }));
  for (const rank of ranks) await rank.next('connected');
  for (const rank of ranks) rank.order('wait');
  launcher.process.kill('SIGKILL');
  for (const rank of ranks) {
    expect(await rank.next('aborted')).toMatchObject({
      status: 1,
      rank: -1,
      reason: expect.stringMatching('launcher is gone'),
    });
    expect(await rank.ended).toEqual([1, null]);
  }
  rmSync(directory, { recursive: true });
});

test('the launcher asks a rank for its pending operations', async () => {
  await using job = await startProcessJob(2);
  for (const rank of [0, 1]) {
    await expect(job.rendezvous.request(rank, 'pending')).resolves.toEqual([`recv of rank ${rank}`]);
  }
  await expect(job.rendezvous.request(0, 'colour')).rejects.toThrow("nothing answers 'colour' here");
  job.ranks[1]!.order('busy', 60_000);
  await job.ranks[1]!.next('deaf');
  const impatient = job.rendezvous.request(1, 'pending', undefined, AbortSignal.timeout(300));
  await expect(impatient).rejects.toMatchObject({ code: 'PAR_TIMEOUT' });
});

test('an abort by the launcher reaches every rank with its status', async () => {
  await using job = await startProcessJob(3);
  job.rendezvous.abort(9, 'time is up');
  for (const rank of job.ranks) {
    expect(await rank.next('aborted')).toEqual({ status: 9, reason: 'time is up', rank: -1 });
    expect(await rank.ended).toEqual([9, null]);
  }
});

test("a rank's environment and command line do not show the secret once it runs", async () => {
  await using job = await startProcessJob(1);
  job.ranks[0]!.order('secrets');
  const { environment, commandLine } = await job.ranks[0]!.next<{ environment: string; commandLine: string }>(
    'secrets',
  );
  expect(environment).toContain('PAR_RANK');
  expect(environment).not.toContain(job.secret);
  expect(commandLine).not.toContain(job.secret);
});

test('a waiting rank is idle once its loop has turned in vain', async () => {
  await using job = await startProcessJob(2, { PAR_SPIN: '500' });
  for (const rank of job.ranks) rank.order('wait');
  for (const rank of job.ranks) rank.order('cpu', 2000);
  for (const rank of job.ranks) expect(await rank.next<number>('cpu')).toBeLessThan(0.02);
});

test('a message of 2.2 GiB arrives whole', { timeout: 180_000 }, async () => {
  await using job = await startProcessJob(2);
  const length = Math.floor(2.2 * 2 ** 30);
  job.ranks[1]!.order('wait');
  job.ranks[0]!.order('large', length);
  await job.ranks[0]!.next('sent');
  expect(await job.ranks[1]!.next('large')).toEqual({ length, intact: true });
});
