import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { FrameParser } from '../src/agent/frames.ts';
import { Relay } from '../src/agent/relay.ts';

test('connections that speak in another order than they came are all carried', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'par-relay-'));
  const [there, here] = [join(directory, 'there'), join(directory, 'here')];
  const echo = createServer((socket) => socket.pipe(socket)).listen(here);
  const [up, down] = [new PassThrough(), new PassThrough()];
  const agent = new Relay(up, undefined);
  const launcher = new Relay(down, here);
  const toLauncher = new FrameParser((_kind, id, bytes) => launcher.receive(id, bytes));
  const toAgent = new FrameParser((_kind, id, bytes) => agent.receive(id, bytes));
  up.on('data', (chunk: Buffer) => toLauncher.push(chunk));
  down.on('data', (chunk: Buffer) => toAgent.push(chunk));
  const door = createServer({ allowHalfOpen: true }, (socket) => agent.open(socket)).listen(there);
  const clients: Socket[] = [];
  for (let i = 0; i < 3; i++) {
    const arrived = once(door, 'connection');
    clients.push(connect(there));
    await arrived;
  }
  for (const client of clients.reverse()) {
    client.write(`hello ${clients.indexOf(client)}`);
    const [answer] = await once(client, 'data');
    expect(String(answer)).toBe(`hello ${clients.indexOf(client)}`);
    const ended = once(client, 'close');
    client.end();
    await ended;
  }
  for (const server of [echo, door]) server.close();
  rmSync(directory, { recursive: true });
});
