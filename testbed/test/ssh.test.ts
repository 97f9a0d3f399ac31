import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SshNetwork } from '../src/ssh.ts';

const HELLO = fileURLToPath(new URL('../../examples/hello.ts', import.meta.url));

let network: SshNetwork;
beforeAll(async () => {
  network = await SshNetwork.start(3);
});
afterAll(() => network[Symbol.asyncDispose]());

test('a rank on each of two hosts', async () => {
  const { status, stdout, stderr } = await network.par(['run', '-H', 'h1,h2', '-np', '2', HELLO]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout.split('\n').sort()).toEqual([
    '',
    '[0] Hello from rank 0 of 2 on h1 (tcp)',
    '[0] Hello from rank 1 of 2 on h2 (tcp)',
  ]);
});
