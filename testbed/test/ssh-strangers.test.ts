import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { processesWith } from '../../packages/cli/test/launch.ts';
import { HELLO_BYTES, PROOF_BYTES } from '../../packages/transport-tcp/src/wire/handshake.ts';
import { type Host, inHost } from '../src/host.ts';
import { Recording } from '../src/recording.ts';
import { Running } from '../src/running.ts';
import { SshNetwork } from '../src/ssh.ts';

const program = (name: string): string => fileURLToPath(new URL(`programs/${name}`, import.meta.url));

let network: SshNetwork;
beforeAll(async () => {
  network = await SshNetwork.start(2, ['stranger']);
});
afterAll(() => network[Symbol.asyncDispose]());

/** What a program on a host prints, as JSON. */
async function runAt(host: Host, name: string, ...args: string[]): Promise<unknown> {
  const command = inHost(host, [process.execPath, program(name), ...args]);
  const { status, stdout, stderr } = await new Running(command, {}).finished;
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout);
}

/** Everything on a host that packets, or anybody there, could reach: ports that take connections or datagrams, and abstract sockets. */
function openTo({ pid }: Host): string[] {
  const lines = (family: string): string[][] =>
    readFileSync(`/proc/${pid}/net/${family}`, 'latin1')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter(({ length }) => length > 1);
  const portOf = ([, local]: string[]): number => Number.parseInt(local!.split(':')[1]!, 16);
  const tcp = ['tcp', 'tcp6'].flatMap(lines).filter(([, , , state]) => state === '0A');
  const udp = ['udp', 'udp6', 'raw', 'raw6'].flatMap(lines);
  const abstract = lines('unix').flatMap((fields) => fields.filter((field) => field.startsWith('@')));
  const open = [...tcp.map((line) => `tcp ${portOf(line)}`), ...udp.map((line) => `datagrams ${portOf(line)}`)];
  return [...open, ...abstract].sort();
}

test('a port scan of a one-host job finds nothing, whether it was started there or over ssh', async () => {
  const here = network.launch(['run', '-np', '2', program('wait.ts')]);
  const there = network.launch(['run', '-H', 'h1', '-np', '2', program('wait.ts')]);
  for (const launch of [here, there]) await launch.until(({ stdout }) => stdout.includes('connected'));
  expect(openTo(network.laptop)).toEqual([]);
  expect(openTo(network.host('h1'))).toEqual(['tcp 22']);
  const scans = [
    runAt(network.host('stranger'), 'scan.ts', network.laptop.address),
    runAt(network.laptop, 'scan.ts', '127.0.0.1'),
  ];
  expect(await Promise.all(scans)).toEqual([[], []]);
  for (const launch of [here, there]) {
    launch.child.kill('SIGTERM');
    await launch.finished;
    await launch.gone();
  }
  await network.quiet();
});

test('a stranger on the network cannot join a job, learn its secret, replay, or stall it', async () => {
  const [h1, h2, stranger] = ['h1', 'h2', 'stranger'].map((name) => network.host(name)) as [Host, Host, Host];
  await using cable = await Recording.start(network.laptop, h2);
  const launch = network.launch(['run', '--no-label', '-H', 'h1:1,h2:1', program('lazy.ts')], { input: 'open' });
  await launch.until(({ stdout }) => stdout.split('listening').length === 3);
  const ranks = launch.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { rank: number; job: string; universe: string; listening: number[] })
    .sort((a, b) => a.rank - b.rank);
  expect(ranks.map(({ listening }) => listening.length)).toEqual([1, 1]);
  const ports = ranks.map(({ listening }) => listening[0]!);
  const targets = [h1, h2].map(({ address }, rank) => `${address}:${ports[rank]}`);
  const commands = [
    ...processesWith([launch.token, launch.tmp]),
    ...[h1, h2].flatMap((host) => network.processes(host)),
  ];
  expect(commands.filter((line) => line.includes('lazy.ts'))).toHaveLength(3);
  expect(commands.join('\n')).not.toMatch(/[0-9a-f]{64}/);

  expect([h1, h2].map(openTo)).toEqual(ports.map((port) => ['tcp 22', `tcp ${port}`]));
  expect(await runAt(stranger, 'scan.ts', h1.address)).toEqual([22, ports[0]]);

  const told = (await runAt(stranger, 'stranger.ts', ranks[0]!.job, ranks[0]!.universe, ...targets)) as Record<
    string,
    number[]
  >;
  for (const target of targets) {
    // A challenge of 72 bytes for who sends a well-formed greeting, nothing for anybody else.
    expect(told[target]).toEqual([0, 0, 72, 72, ...new Array(80).fill(0)]);
  }
  launch.child.stdin!.write('go\n');
  await launch.until(({ stdout }) => stdout.includes('unharmed'));

  const genuine = await cable.stream(h1.address, targets[1]!, HELLO_BYTES + PROOF_BYTES + 1);
  const recorded = JSON.stringify(genuine.pieces.map((piece) => piece.toString('base64')));
  // Where it was heard: a challenge that differs. Elsewhere: nothing, it names whom it is for.
  expect(await runAt(stranger, 'replay.ts', recorded, ...targets)).toEqual([
    [0, 0],
    [72, 72],
  ]);

  launch.child.stdin!.end('go\n');
  const { status, stdout, stderr } = await launch.finished;
  expect(stdout).toContain('still unharmed');
  expect(status).toBe(0);
  expect(stderr).toMatch(/refused a connection from 10\.77\.0\.4: it does not speak the protocol of par/);
  expect(stderr).toMatch(/refused a connection from 10\.77\.0\.4: it does not know the job's secret/);
  expect(stderr).toMatch(/refused a connection from 10\.77\.0\.4: it is meant for another rank/);
  await launch.gone();
  await network.quiet();
}, 60_000);
