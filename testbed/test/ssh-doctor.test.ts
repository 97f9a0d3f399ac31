import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BIN } from '../../packages/cli/test/launch.ts';
import { runInHost } from '../src/host.ts';
import { SshNetwork } from '../src/ssh.ts';

let network: SshNetwork;
let directory: string;
beforeAll(async () => {
  network = await SshNetwork.start(3, ['stranger']);
  directory = mkdtempSync(join(tmpdir(), 'par-doctor-'));
  // Not what ssh knows of it: h3 has moved, or somebody sits in between.
  const known = join(network.directory, 'known_hosts');
  const [h1, h2, h3] = readFileSync(known, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(' '));
  writeFileSync(known, [h1, h2, [h3![0], ...h1!.slice(1)]].map((words) => `${words!.join(' ')}\n`).join(''));
});
afterAll(async () => {
  await network[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

const launchAt = (args: string[]) => network.par(args, { cwd: directory });

test('par doctor looks at every host, and at what lies between them', async () => {
  const { status, stdout } = await launchAt(['doctor', '-H', 'laptop,h1,h2']);
  const hosts = stdout.slice(stdout.indexOf('hosts:'));
  expect(hosts).toMatch(/^hosts: 3 from --host, over ssh\n {2}laptop: this host\n {4}network {4}10\.77\.0\.1 on eth0/);
  expect(hosts).toMatch(
    /^ {2}h1: h1, node \d+\.\S+, \d+ cores\n {4}network {4}10\.77\.0\.2 on eth0 leads to the other/m,
  );
  expect(hosts.match(/names {6}all hosts are known by name/g)).toHaveLength(3);
  expect(hosts.match(/clock {6}(the same|\d+ ms (ahead|behind)), within \d+ ms$/gm)).toHaveLength(2);
  expect(hosts.match(/limits {5}\d+ open files.*, \S+ processes$/gm)).toHaveLength(3);
  expect(hosts.match(new RegExp(`files {6}${directory} is shared with this host`, 'g'))).toHaveLength(3);
  expect(hosts).not.toContain('CANNOT');
  expect(status).toBe(0);
});

test('par doctor names what is wrong, host by host', async () => {
  const [h1, h2] = [network.host('h1'), network.host('h2')];
  runInHost(h1, ['ip', 'route', 'add', 'unreachable', h2.address]);
  runInHost(h2, ['mount', '-t', 'tmpfs', 'tmpfs', directory]);
  try {
    const { status, stdout } = await launchAt(['doctor', '-H', 'h1,h2,h3,stranger,nosuch', '--output', 'json']);
    expect(status).toBe(1);
    const report = JSON.parse(stdout).hosts;
    const of = (name: string) => report.hosts.find((host: { name: string }) => host.name === name);
    expect(of('h1')).toMatchObject({ facts: { hostname: 'h1' }, survey: { sharesFiles: true } });
    expect(of('h1').unreachable.h2).toMatch(/EHOSTUNREACH|ENETUNREACH/);
    expect(of('h2')).toMatchObject({ survey: { sharesFiles: false } });
    expect(of('h3').problem).toMatch(/[Hh]ost key verification failed/);
    expect(of('stranger').problem).toMatch(/Connection refused/);
    expect(of('nosuch').problem).toMatch(/Could not resolve hostname nosuch/);
  } finally {
    runInHost(h1, ['ip', 'route', 'del', 'unreachable', h2.address]);
    runInHost(h2, ['umount', directory]);
  }
});

test('par run names every host that refuses, and why, and starts nothing', async () => {
  const { status, stderr } = await launchAt(['run', '-H', 'h1,h3,stranger,nosuch', 'sh', '-c', 'echo started']);
  expect(status).toBe(125);
  expect(stderr.match(/^par run: host \S+: /gm)).toEqual([
    'par run: host h3: ',
    'par run: host stranger: ',
    'par run: host nosuch: ',
  ]);
  expect(stderr).toMatch(
    /host stranger: ssh: connect to host stranger port 22: Connection refused \(see par doctor -H/,
  );
});

test('a person who is not let in is told so', async () => {
  const stranger = `${network.ssh} -o IdentityFile=/nonexistent -o IdentityAgent=none -F none`;
  const options = `-o UserKnownHostsFile=${network.directory}/known_hosts`;
  const { status, stderr } = await launchAt(['run', '--ssh', `${stranger} ${options}`, '-H', 'h1', 'true']);
  expect(status).toBe(125);
  expect(stderr).toMatch(/^par run: host h1: .*Permission denied \(publickey/m);
});

test('a host that does not answer is given up', async () => {
  network.cable('h2', 'down');
  const ssh = `${network.ssh} -o ConnectTimeout=1`;
  const { status, stderr } = await launchAt(['run', '--ssh', ssh, '-H', 'h1,h2', 'true']);
  network.cable('h2', 'up');
  expect(status).toBe(125);
  expect(stderr).toMatch(/^par run: host h2: .*(timed out|No route to host)/m);
});

test.each([
  ['par', join(BIN, '..'), [], /there is no par at .*agent\.js; par and Node must be at the same path on every host/],
  ['the program', '', [], /^par run: host h2: script\.mjs: not found$/m],
  ['the directory', '', ['--wdir', 'inner'], /^par run: host h2: there is no directory \S+inner; .*--wdir$/m],
])('a host without %s is named', async (_what, hidden, options, words) => {
  const place = hidden || directory;
  for (const inner of ['.', 'inner']) {
    mkdirSync(join(directory, inner), { recursive: true });
    writeFileSync(join(directory, inner, 'script.mjs'), '');
  }
  const h2 = network.host('h2');
  runInHost(h2, ['mount', '-t', 'tmpfs', 'tmpfs', place]);
  try {
    const { status, stderr } = await launchAt(['run', '-H', 'h1,h2', ...options, 'script.mjs']);
    expect(stderr).toMatch(words);
    expect(status).toBe(options.length > 0 ? 125 : 127);
  } finally {
    runInHost(h2, ['umount', place]);
  }
});

test('a host with another par is named', async () => {
  const manifest = join(BIN, '../../package.json');
  const other = join(network.directory, 'package.json');
  writeFileSync(other, readFileSync(manifest, 'utf8').replace(/"version": ".*"/, '"version": "99.0.0"'));
  const h2 = network.host('h2');
  runInHost(h2, ['mount', '--bind', other, manifest]);
  const { status, stderr } = await launchAt(['run', '-H', 'h1,h2', 'true']);
  runInHost(h2, ['umount', manifest]);
  expect(status).toBe(125);
  expect(stderr).toMatch(/^par run: host h2: par there is 99\.0\.0, here \d+\.\d+\.\d+; install the same$/m);
});
