import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { fixture } from '../../packages/cli/test/launch.ts';
import { SshNetwork } from '../src/ssh.ts';

const program = (name: string): string => fileURLToPath(new URL(`programs/${name}`, import.meta.url));
const WAIT = ['run', '-H', 'h1,h2,h3', '-np', '6', '--heartbeat', '3s', program('wait.ts')];

// Hosts are broken here, so each test has its own. They wait more than they work.
const hosts = (): Promise<SshNetwork> => SshNetwork.start(3);

const connected = ({ stdout }: { stdout: string }): boolean => stdout.includes('connected');

test.concurrent('a cut cable ends the job within the heartbeat, names the host, and leaves nothing behind it', async () => {
  await using network = await hosts();
  const launch = network.launch(WAIT);
  await launch.until(connected);
  network.cable('h2', 'down');
  const { status, stderr } = await launch.finished;
  expect(status).toBe(125);
  expect(stderr).toMatch(/^par: rank 2 failed: host lost: h2: no sign of life for 3 s \(host h2, pid \d+\)$/m);
  expect(stderr).toMatch(/^par: also failed: rank 3 \(host lost: h2: no sign of life for 3 s\)$/m);
  await launch.gone();
  // Behind the cut cable, too: nobody can tell that host, it finds out by itself.
  await network.quiet();
});

test.concurrent('a host that dies is named, and the others end', async () => {
  await using network = await hosts();
  const launch = network.launch(WAIT);
  await launch.until(connected);
  await network.host('h3')[Symbol.asyncDispose]();
  const { status, stderr } = await launch.finished;
  expect(status).toBe(125);
  expect(stderr).toMatch(/^par: rank 4 failed: host lost: h3: /m);
  await launch.gone();
  await network.quiet([network.host('h1'), network.host('h2')]);
});

test.concurrent('when the launcher is killed, no process is left on any host', async () => {
  await using network = await hosts();
  const launch = network.launch(['run', '-H', 'h1,h2,h3', '-np', '3', fixture('family.mjs'), 'spin']);
  await launch.until(({ stdout }) => stdout.split('has children').length === 4);
  launch.child.kill('SIGKILL');
  await launch.finished;
  await launch.gone();
  await network.quiet();
});

test.concurrent('when an agent is killed, its ranks end and the job with them', async () => {
  await using network = await hosts();
  const launch = network.launch(['run', '-H', 'h1,h2,h3', '-np', '3', fixture('family.mjs'), 'spin']);
  await launch.until(({ stdout }) => stdout.split('has children').length === 4);
  const agents = network.processes(network.host('h2')).filter((line) => line.includes('dist/agent.js'));
  expect(agents).toHaveLength(1);
  process.kill(Number(agents[0]!.split(' ')[0]), 'SIGKILL');
  const { status, stderr } = await launch.finished;
  expect(status).toBe(125);
  expect(stderr).toMatch(/^par: rank 1 failed: host lost: h2: the connection broke/m);
  await launch.gone();
  await network.quiet();
});

test.concurrent('futures finish on the hosts that are left, which get the workers of the lost one', async () => {
  await using network = await hosts();
  const args = ['run', '-H', 'h1,h2,h3', '-np', '6', '--heartbeat', '3s', program('futures-loss.ts')];
  const launch = network.launch(args);
  await launch.until(({ stdout }) => stdout.includes('some done'));
  network.cable('h3', 'down');
  const { status, stdout, stderr } = await launch.finished;
  expect(stdout).toContain('all 60 squares are right');
  expect({ status, stderr }).toMatchObject({ status: 0 });
  expect(stderr.match(/rank [45] is lost, rank [67] takes its place on h[12]: host lost: h3/g)).toHaveLength(2);
  await launch.gone();
  await network.quiet();
});

test.concurrent('a job whose host was lost starts again on the others', async () => {
  await using network = await hosts();
  const script = 'echo "attempt $PAR_RESTART on $PAR_TEST_HOST"; [ $PAR_RESTART = 1 ] || sleep 100';
  const args = ['--max-restarts', '1', '--heartbeat', '2s', 'sh', '-c', script];
  const launch = network.launch(['run', '--no-label', '-H', 'h1:1,h2:1', '-np', '2', ...args]);
  await launch.until(({ stdout }) => stdout.split('attempt 0').length === 3);
  network.cable('h2', 'down');
  const { status, stdout, stderr } = await launch.finished;
  expect(stderr).toContain('par: starting all ranks again without h2 (1 of 1)');
  expect(stdout.split('\n').filter((line) => line.includes('attempt 1'))).toEqual([
    'attempt 1 on h1',
    'attempt 1 on h1',
  ]);
  expect(status).toBe(0);
  await launch.gone();
  await network.quiet();
});
