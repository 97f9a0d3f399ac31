import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Host, inHost } from '../src/host.ts';
import { Running } from '../src/running.ts';
import { SshNetwork } from '../src/ssh.ts';

const program = (name: string): string => fileURLToPath(new URL(`programs/${name}`, import.meta.url));

let network: SshNetwork;
beforeAll(async () => {
  network = await SshNetwork.start(2, ['stranger']);
});
afterAll(() => network[Symbol.asyncDispose]());

async function asStranger(...args: string[]): Promise<string> {
  const host = network.host('stranger');
  const { status, stdout, stderr } = await new Running(inHost(host, [process.execPath, ...args]), {}).finished;
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

/** Words of all processes, where a secret could be seen by anybody on their host. */
function argumentsOfAll(): string {
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
      } catch {
        return '';
      }
    })
    .join('\n');
}

/** What a port scan of a host would find: its listening TCP ports. */
function openPorts({ pid }: Host): number[] {
  return ['tcp', 'tcp6']
    .flatMap((family) => readFileSync(`/proc/${pid}/net/${family}`, 'latin1').split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state]) => state === '0A')
    .map(([, local]) => Number.parseInt(local!.split(':')[1]!, 16));
}

test('a one-host job listens on no port, whether it was started there or over ssh', async () => {
  const here = network.launch(['run', '-np', '2', program('wait.ts')]);
  const there = network.launch(['run', '-H', 'h1', '-np', '2', program('wait.ts')]);
  for (const launch of [here, there]) await launch.until(({ stdout }) => stdout.includes('connected'));
  expect(openPorts(network.laptop)).toEqual([]);
  expect(openPorts(network.host('h1'))).toEqual([22]);
  for (const launch of [here, there]) {
    launch.child.kill('SIGTERM');
    await launch.finished;
    await launch.gone();
  }
  await network.quiet();
});

test('a stranger on the network cannot join a job, learn its secret, replay, or stall it', async () => {
  const launch = network.launch(['run', '--no-label', '-H', 'h1:1,h2:1', program('lazy.ts')], { input: 'open' });
  await launch.until(({ stdout }) => stdout.split('listening').length === 3);
  const ranks = launch.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { rank: number; job: string; listening: number[] })
    .sort((a, b) => a.rank - b.rank);
  const targets = ranks.map(({ rank, listening }) => `${network.host(`h${rank + 1}`).address}:${listening[0]}`);
  expect(ranks.map(({ listening }) => listening.length)).toEqual([1, 1]);
  expect(argumentsOfAll()).not.toMatch(/[0-9a-f]{64}/);

  const told = JSON.parse(await asStranger(program('stranger.ts'), ranks[0]!.job, ...targets)) as Record<
    string,
    number[]
  >;
  for (const target of targets) {
    // A challenge of 72 bytes for who sends a well-formed greeting, nothing for anybody else.
    expect(told[target]).toEqual([0, 0, 72, 72, ...new Array(80).fill(0)]);
  }
  launch.child.stdin!.end('go\n');
  const { status, stdout, stderr } = await launch.finished;
  expect(stdout).toContain('unharmed');
  expect(status).toBe(0);
  expect(stderr).toMatch(/refused a connection from 10\.77\.0\.4: it does not speak the protocol of par/);
  expect(stderr).toMatch(/refused a connection from 10\.77\.0\.4: it does not know the job's secret/);
  await launch.gone();
  await network.quiet();
});
