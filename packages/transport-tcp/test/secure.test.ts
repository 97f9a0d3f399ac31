import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { join } from '../src/join.ts';
import type { TcpOptions } from '../src/options.ts';
import { startRendezvous } from '../src/rendezvous/index.ts';

/** A listener in front of another one that keeps what passes in either direction. */
async function eavesdrop(port: number): Promise<{ port: number; heard: () => Buffer; close(): void }> {
  const heard: Buffer[] = [];
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    for (const [from, to] of [[client, upstream] as const, [upstream, client] as const]) {
      from.on('data', (chunk) => {
        heard.push(chunk);
        to.write(chunk);
      });
      from.on('error', () => {}); // the other side closes with it
      from.on('close', () => to.destroy());
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: own } = server.address() as { port: number };
  return { port: own, heard: () => Buffer.concat(heard), close: () => server.close() };
}

const portOf = (address: string): number => Number(address.split(':').at(-1));

async function overheard(secure: boolean): Promise<string> {
  const job = { size: 1, job: 'whisper', secret: randomBytes(32), secure };
  const rendezvous = await startRendezvous({ listen: 'tcp:127.0.0.1:0', ...job });
  const proxy = await eavesdrop(portOf(rendezvous.address));
  const { link } = await join({ ...job, rank: 0, rendezvous: `tcp:127.0.0.1:${proxy.port}` });
  await link.close();
  await rendezvous.close();
  proxy.close();
  return proxy.heard().toString('latin1');
}

test('with TLS nothing of the protocol can be read on the way; without, it can', async () => {
  const open = await overheard(false);
  expect(open).toContain('PARLINK');
  expect(open).toContain('hostname');
  const encrypted = await overheard(true);
  expect(encrypted.length).toBeGreaterThan(300);
  expect(encrypted).not.toContain('PARLINK');
  expect(encrypted).not.toContain('hostname');
});

test('a rank without TLS, or with the key of another job, does not get into a job with TLS', async () => {
  const log: string[] = [];
  const secret = randomBytes(32);
  const rendezvous = await startRendezvous({
    listen: 'tcp:127.0.0.1:0',
    size: 1,
    job: 'a',
    secret,
    secure: true,
    log: (line) => log.push(line),
  });
  const options: TcpOptions = { rank: 0, size: 1, job: 'a', secret, rendezvous: rendezvous.address, secure: true };
  for (const wrong of [{ secure: false }, { secret: randomBytes(32) }, { job: 'b' }]) {
    await expect(join({ ...options, ...wrong })).rejects.toMatchObject({ code: 'PAR_TRANSPORT' });
  }
  expect(rendezvous.announcement(0)).toBeUndefined();
  expect(log).toEqual([expect.stringContaining('refused a connection')]);
  const { link } = await join(options);
  await link.close();
  await rendezvous.close();
});
