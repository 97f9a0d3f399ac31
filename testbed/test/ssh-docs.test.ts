import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { read } from '../../scripts/test/page.ts';
import { compileCache, inHost, runInHost } from '../src/host.ts';
import { Running } from '../src/running.ts';
import { SshNetwork } from '../src/ssh.ts';

const root = dirname(dirname(import.meta.dirname));

test('docs/ssh.md: every command it shows runs, in a folder that has par installed', { timeout: 200_000 }, async () => {
  const { programs, commands } = read(join(root, 'docs/ssh.md'));
  expect(commands.length).toBeGreaterThan(5);
  const folder = mkdtempSync(join(tmpdir(), 'par-docs-'));
  const network = await SshNetwork.start(3);
  try {
    symlinkSync(join(root, 'examples/node_modules'), join(folder, 'node_modules'));
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
    for (const { file, text } of programs) writeFileSync(join(folder, file), text);
    const path = `${join(folder, 'node_modules/.bin')}:${dirname(process.execPath)}:${process.env.PATH}`;
    const asRoot = { OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1' };
    const env = { PATH: path, OMP_NUM_THREADS: '1', ...asRoot, ...compileCache() };
    // A person's ssh knows the hosts by itself.
    runInHost(network.laptop, ['mount', '--bind', join(network.directory, 'config'), '/etc/ssh/ssh_config']);
    for (const command of commands) {
      const shell = inHost(network.laptop, ['env', `--chdir=${folder}`, 'sh', '-c', command]);
      const { status, stdout, stderr } = await new Running(shell, { env }).finished;
      expect(status, `${command}\n${stdout}${stderr}`).toBe(0);
      if (command.includes('--ppn 2')) expect(stdout).toMatch(/rank 5 of 6 on h3: together 15/);
      if (command.includes('mpi')) expect(stdout).toMatch(/rank 3 of 4 on h2: together 6/);
    }
    await network.quiet();
  } finally {
    await network[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  }
});
