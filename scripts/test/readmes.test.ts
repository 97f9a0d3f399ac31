import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { read } from './page.ts';

// A README's commands that run one of its programs are executed as they stand, in an empty folder that has par installed; all
// commands of a page of docs/ are. Pages that need a cluster are executed by the testbed.
const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const bin = join(root, 'node_modules/.bin');

/** What Open MPI's mpirun asks of who runs tests: often root, on fewer cores than there are ranks. */
const AS_ANYBODY = {
  OMPI_ALLOW_RUN_AS_ROOT: '1',
  OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1',
  OMPI_MCA_rmaps_base_oversubscribe: '1',
  OMPI_MCA_hwloc_base_binding_policy: 'none',
};

/** Whether a launcher of MPI is here; the tests of the MPI transport say so loudly where there is none. */
function isHere(program: string): boolean {
  return program !== 'mpirun' || isOnPath(program);
}

function isOnPath(program: string): boolean {
  return (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, program)));
}

function shell(
  command: string,
  cwd: string,
  extra: NodeJS.ProcessEnv = {},
): Promise<{ status: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const path = `${join(cwd, 'node_modules/.bin')}:${bin}:${process.env.PATH}`;
    const child = spawn('sh', ['-c', command], {
      cwd,
      env: { ...process.env, ...AS_ANYBODY, ...extra, PATH: path },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    child.on('error', reject);
    // What is started in the background is ended by a later command.
    child.on(command.endsWith('&') ? 'exit' : 'close', (status) => resolve({ status, output }));
  });
}

const pages = [
  join(root, 'README.md'),
  ...readdirSync(join(root, 'packages')).map((name) => join(root, 'packages', name, 'README.md')),
].filter((page) => existsSync(page));

describe.each(pages.map((page) => relative(root, page)))('%s', (name) => {
  const { programs, commands } = read(join(root, name));

  it('runs every program it shows, with a command it shows', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'par-readme-'));
    try {
      await symlink(join(root, 'examples/node_modules'), join(folder, 'node_modules'));
      await writeFile(join(folder, 'package.json'), '{ "type": "module" }\n');
      for (const { file, text } of programs) await writeFile(join(folder, file), text);
      for (const { file } of programs) {
        if (!file.endsWith('.ts') && !file.endsWith('.mjs')) continue;
        const shown = commands.filter((command) => command.includes(file) && isHere(command.split(' ')[0]!));
        for (const command of shown.length > 0 ? shown : [`par run -np 3 ${file}`]) {
          const { status, output } = await shell(command, folder);
          expect(status, `${command}\n${output}`).toBe(0);
        }
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

const MPI_LAUNCHERS = ['mpirun', 'mpiexec.mpich', 'mpicxx.openmpi'];

describe.each([
  { page: 'docs/laptop.md', needs: [] },
  { page: 'docs/mpirun.md', needs: MPI_LAUNCHERS },
])('$page', ({ page, needs }) => {
  it.skipIf(!needs.every(isOnPath))('runs every command it shows', { timeout: 120_000 }, async () => {
    const { programs, commands } = read(join(root, page));
    const folder = await mkdtemp(join(tmpdir(), 'par-docs-'));
    try {
      await symlink(join(root, 'examples/node_modules'), join(folder, 'node_modules'));
      await writeFile(join(folder, 'package.json'), '{ "type": "module" }\n');
      for (const { file, text } of programs) await writeFile(join(folder, file), text);
      for (const command of commands) {
        const { status, output } = await shell(command, folder, { HOME: folder });
        expect(status, `${command}\n${output}`).toBe(0);
        if (page === 'docs/mpirun.md' && command.endsWith('hello.ts'))
          expect(output).toContain(command.startsWith('PAR_') ? '(tcp)' : '(mpi)');
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
