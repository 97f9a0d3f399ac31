import { mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { read } from '../../scripts/test/page.ts';
import { PodmanHost, podmanObstacle } from '../src/podman.ts';

const root = dirname(dirname(import.meta.dirname));
const obstacle = podmanObstacle();
if (obstacle !== undefined) console.warn(`\n*** the tests in containers do NOT run: ${obstacle} ***\n`);

/** What commands of the page have to say, by a part of each. */
const SAYS: readonly (readonly [string, RegExp])[] = [
  ['par run -np 4', /rank 3 of 4 on \S+ \(tcp\): together 6/],
  ['--cpus 1', /rank 0 of 1 /],
  ['--read-only', /rank 1 of 2 /],
  ['--transport mpi', /rank 1 of 2 on \S+ \(mpi\)/],
  ['mpiexec', /rank 1 of 2 on \S+ \(mpi\)/],
  ['mpirun', /rank 1 of 2 on \S+ \(mpi\)/],
  ['sh ranks.sh', /rank 2 of 3 on \S+ \(tcp\): together 3/],
  ['-H h1,h2', /rank 3 of 4 on h2 \(tcp\): together 6/],
];

describe.skipIf(obstacle !== undefined)('in containers', () => {
  let podman: PodmanHost;
  let folder: string;
  beforeAll(async () => {
    podman = await PodmanHost.start('docker.io/library/node:24-slim');
    folder = mkdtempSync(join(podman.directory, 'app-'));
  });
  afterAll(() => podman?.[Symbol.asyncDispose]());

  it('docs/containers.md: every command it shows runs', { timeout: 120_000 }, async () => {
    const { programs, commands } = read(join(root, 'docs/containers.md'));
    symlinkSync(join(root, 'examples/node_modules'), join(folder, 'node_modules'));
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
    for (const { file, text } of programs) writeFileSync(join(folder, file), text);
    const silent = SAYS.filter(([part]) => !commands.some((command) => command.includes(part)));
    expect(silent).toEqual([]);
    for (const command of commands) {
      const { status, stdout, stderr } = await podman.run(command, { cwd: folder });
      expect(status, `${command}\n${stdout}${stderr}`).toBe(0);
      for (const [, words] of SAYS.filter(([part]) => command.includes(part))) expect(stdout, command).toMatch(words);
    }
  });

  it('containers with the name, the network and the kernel of one host do not take each other’s sockets for theirs', async () => {
    const script = join(folder, 'ranks.sh');
    const { stdout, stderr } = await podman.run(`sed 's/--network par/--network host/' ${script} | sh`, {
      cwd: folder,
    });
    expect(stdout, stderr).toMatch(/rank 2 of 3 on podman \(tcp\): together 3/);
  });

  it('podman stop ends a job whose par is process 1, at once', async () => {
    const wait = 'process.on("SIGTERM", () => process.exit(0)); console.log("ready"); setInterval(() => {}, 1000)';
    const job = podman.start(`podman run --rm --name job hello par run -np 2 node -e '${wait}'`);
    await job.said(/ready[\s\S]*ready/);
    const stopped = await podman.run('podman stop --time 40 job');
    expect(stopped.stderr).toBe('');
    expect(await job.finished).toMatchObject({ status: 143 });
  });
});
