import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Address } from '../src/address.ts';
import { adopt, type ByteConsumer, dial, type Wire } from '../src/wire/wire.ts';

class Collector implements ByteConsumer {
  readonly #memory = Buffer.alloc(1000);
  text = '';
  target(): Uint8Array {
    return this.#memory;
  }
  received(bytes: number): void {
    this.text += this.#memory.toString('latin1', 0, bytes);
  }
}

async function listening(server: Server, family: string, directory: string): Promise<Address> {
  if (family === 'unix') server.listen(join(directory, 's'));
  else server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  if (family === 'unix') return { family: 'unix', path: join(directory, 's') };
  return { family: 'tcp', host: '127.0.0.1', port: (server.address() as { port: number }).port };
}

describe.each(['unix', 'tcp'])('a wire over %s', (family) => {
  test.each(['dialled', 'accepted'])(
    'reads all the peer had sent before it left, even when a write fails first (%s)',
    async (side) => {
      const directory = mkdtempSync(join(tmpdir(), 'par-test-'));
      const server = createServer({ pauseOnConnect: side === 'accepted' });
      const address = await listening(server, family, directory);
      const collector = new Collector();
      let leaving: Socket;
      let wire: Wire;
      if (side === 'dialled') {
        const dialled = new Promise<void>((resolve) => {
          wire = dial(address, collector, () => resolve());
        });
        [leaving] = (await once(server, 'connection')) as [Socket];
        await dialled;
      } else {
        leaving = address.family === 'unix' ? connect(address.path) : connect(address.port);
        const [[accepted]] = (await Promise.all([once(server, 'connection'), once(leaving, 'connect')])) as [
          [Socket],
          [],
        ];
        wire = adopt(accepted, collector);
      }
      const failed = new Promise<Error>((resolve) => {
        wire.onWriteFailed = resolve;
      });
      const closed = new Promise<void>((resolve) => {
        wire.onClosed = () => resolve();
      });
      leaving.write('x'.repeat(100_000));
      leaving.destroy();
      // TCP answers the first write with a reset and only then refuses the next ones.
      const knocking = setInterval(() => wire.socket.write('too late'), 1);
      wire!.socket.write('too late');
      if (family === 'unix') expect(await failed).toMatchObject({ syscall: 'write' });
      await closed;
      clearInterval(knocking);
      expect(collector.text).toHaveLength(100_000);
      server.close();
      rmSync(directory, { recursive: true, force: true });
    },
  );
});
