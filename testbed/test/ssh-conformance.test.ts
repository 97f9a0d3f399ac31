import { fileURLToPath } from 'node:url';
import { conformance } from '@par/comm-core/conformance';
import { afterAll, expect, test } from 'vitest';
import { BIN } from '../../packages/cli/test/launch.ts';
import { inHost } from '../src/host.ts';
import { SshNetwork } from '../src/ssh.ts';

const network = await SshNetwork.start(3);
afterAll(() => network[Symbol.asyncDispose]());

test('the squares of the first program, over three hosts', async () => {
  const squares = fileURLToPath(new URL('../../examples/squares.ts', import.meta.url));
  const { status, stdout, stderr } = await network.par(['run', '-H', 'h1,h2,h3', '--ppn', '2', squares]);
  const crowded = ['h1', 'h2', 'h3'].map((host) => `par: ${host}: 2 ranks share 1 core\n`).join('');
  expect({ status, stderr }).toEqual({ status: 0, stderr: crowded });
  expect(stdout).toContain('sum of the squares of 0 … 999: 332833500');
});

conformance({
  name: 'par run over three hosts',
  capabilities: { detectsMismatch: true, survivesPeerLoss: true },
  communicators: 'in turn',
  // Two hosts with two ranks, one with one.
  sizes: [5],
  setup: (size, purpose) => {
    const policy = purpose === 'peer-loss' ? ['--on-fail', 'wait'] : [];
    return {
      launch: (program) => {
        // The hosts have the same cores: a rank whose loop turns takes them from the ranks of another.
        const options = ['--ssh', network.ssh, '-H', 'h1,h2,h3', '-np', `${size}`, '-x', 'PAR_SPIN=0', ...policy];
        const { command, args } = inHost(network.laptop, [
          'env',
          `--chdir=${process.cwd()}`,
          process.execPath,
          BIN,
          'run',
          ...options,
          ...program,
        ]);
        return { command, args: [...args] };
      },
    };
  },
});
