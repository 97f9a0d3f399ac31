import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  buildAddon,
  discoverAddons,
  discoverLaunchers,
  discoverWrappers,
  launchOf,
  loadAddon,
} from '../src/build/index.ts';
import { SYSTEM_MPIS } from './mpis.ts';

/** The package's own build code, for processes that build. */
const BUILD = new URL('../dist/build/index.js', import.meta.url).href;
const scratch = mkdtempSync(join(tmpdir(), 'par-mpi-build-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function executable(name: string, script: string): string {
  const path = join(scratch, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** The package as users have it: without the addons of this workspace. */
const installed = join(scratch, 'installed/node_modules/@par/transport-mpi');
beforeAll(() => {
  const here = join(import.meta.dirname, '..');
  mkdirSync(installed, { recursive: true });
  for (const part of ['dist', 'package.json', 'node_modules'])
    cpSync(join(here, part), join(installed, part), { recursive: true, verbatimSymlinks: false });
});

describe('finding and building for an MPI', { timeout: 120_000 }, () => {
  it('finds each MPI once, whatever its wrappers are called, and its launcher', () => {
    const { found } = discoverWrappers();
    expect(new Set(found.map(({ identity }) => identity)).size).toBe(found.length);
    expect(found.map(({ family }) => family).sort()).toEqual(SYSTEM_MPIS.map(({ family }) => family).sort());
    const families = discoverLaunchers().map(({ family }) => family);
    for (const { family } of SYSTEM_MPIS) expect(families).toContain(family);
  });

  it('says of a wrapper that does not work what is wrong with it', () => {
    const path = executable('mpicxx-broken', 'echo "no licence for this compiler" >&2; exit 3');
    const { bad } = discoverWrappers({ PATH: '/nowhere', MPICXX: path });
    expect(bad).toEqual([{ name: path, path, problem: 'no licence for this compiler' }]);
    expect(discoverWrappers({ PATH: '/nowhere', MPICXX: 'gone' }).bad[0]?.problem).toMatch(/no such executable/);
  });

  it('builds nothing, and succeeds, where there is no MPI', () => {
    const built = join(import.meta.dirname, '../dist/build/workspace.js');
    const { status, stdout } = spawnSync(process.execPath, [built], { env: { PATH: '/nowhere' }, encoding: 'utf8' });
    expect([status, stdout]).toEqual([
      0,
      expect.stringMatching(/no addon was built; install libopenmpi-dev.*par mpi build/),
    ]);
  });

  it('says where it looked and what to do when a program is started without any addon', () => {
    const start = `import { createTransport } from ${JSON.stringify(join(installed, 'dist/index.js'))}; await createTransport({}, process.env);`;
    const env = { PATH: process.env.PATH, XDG_CACHE_HOME: join(scratch, 'nothing'), PMI_RANK: '0', PMI_SIZE: '2' };
    const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', start], {
      env,
      encoding: 'utf8',
    });
    expect(status).not.toBe(0);
    for (const words of [
      "code: 'PAR_TRANSPORT'",
      'a PMI launcher',
      'none found in',
      join(scratch, 'nothing/par/mpi'),
      'par mpi build',
      'mpicxx.mpich',
      'par doctor',
    ]) {
      expect(stderr).toContain(words);
    }
  });

  it('builds into an empty folder once, and reports the words of a compiler that fails', () => {
    const [wrapper] = discoverWrappers().found;
    const first = buildAddon(wrapper!, join(scratch, 'cache'));
    const second = buildAddon(wrapper!, join(scratch, 'cache'));
    expect([first.reused, second.reused, second.path]).toEqual([false, true, first.path]);
    const broken = { ...wrapper!, path: executable('mpicxx-fails', 'echo "disk on fire" >&2; exit 1') };
    expect(() => buildAddon(broken, join(scratch, 'other'))).toThrow(/disk on fire.*The command was: /s);
  });

  it('publishes whole builds only: of several at once one stands, and none of a compiler that is killed', async () => {
    const [wrapper] = discoverWrappers().found;
    const { path: real } = buildAddon(wrapper!, join(scratch, 'cache'));
    const output = 'while [ "$1" != -o ]; do shift; done';
    const build = (compiler: string): Promise<string> => {
      const argument = JSON.stringify([{ ...wrapper!, path: compiler }, join(scratch, 'busy')]);
      const text = `import { buildAddon } from ${JSON.stringify(BUILD)}; console.log(buildAddon(...${argument}).path);`;
      const child = spawn(process.execPath, ['--input-type=module', '-e', text], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      return new Promise((resolve) => {
        let said = '';
        child.stdout.setEncoding('utf8').on('data', (part: string) => {
          said += part;
        });
        child.on('close', (status, signal) => resolve(signal ?? (status === 0 ? said.trim() : `status ${status}`)));
      });
    };
    const halfway = executable('mpicxx-halfway', `${output}; head -c 1000 ${real} > "$2"; kill -9 $PPID; exit 1`);
    expect(await build(halfway)).toBe('SIGKILL');
    mkdirSync(join(scratch, 'home/par'), { recursive: true });
    symlinkSync(join(scratch, 'busy'), join(scratch, 'home/par/mpi'));
    const builds = (): string[] =>
      discoverAddons({ XDG_CACHE_HOME: join(scratch, 'home') })
        .filter(({ origin }) => origin === 'cache')
        .map(({ path }) => realpathSync(path));
    expect(builds()).toEqual([]);
    // None ends before all have begun.
    const begun = join(scratch, 'begun');
    const together = `echo >> ${begun}; until [ "$(wc -l < ${begun})" = 3 ]; do sleep 0.01; done`;
    const good = executable('mpicxx-good', `${output}; ${together}; cp ${real} "$2"`);
    const paths = await Promise.all([good, good, good].map(build));
    expect(new Set(paths).size).toBe(1);
    expect(builds()).toEqual([realpathSync(paths[0]!)]);
    expect(readFileSync(paths[0]!).equals(readFileSync(real))).toBe(true);
  });

  it('loads the local build before the cache, and that before a prebuilt addon; one that is broken is passed over, and named; in worker threads too', async () => {
    const users = (await import(pathToFileURL(join(installed, 'dist/build/index.js')).href)) as {
      loadAddon: typeof loadAddon;
    };
    const [wrapper] = discoverWrappers().found;
    const from = dirname(buildAddon(wrapper!, join(scratch, 'cache')).path);
    const env = { XDG_CACHE_HOME: join(scratch, 'places') };
    const places = [
      ['prebuilt', join(installed, 'prebuilds', `${process.platform}-${process.arch}`)],
      ['cache', join(scratch, 'places/par/mpi')],
      ['package', join(installed, 'build')],
    ] as const;
    for (const [, folder] of places) {
      mkdirSync(join(folder, 'broken'), { recursive: true });
      cpSync(join(from, 'build.json'), join(folder, 'broken/build.json'));
      writeFileSync(join(folder, 'broken/par_mpi.node'), 'no addon');
    }
    const tried = places.map(
      ([origin, folder]) => `  tried ${join(folder, 'broken/par_mpi.node')} (${origin}, built for`,
    );
    for (const text of [...tried, 'What to do:']) {
      expect(() => users.loadAddon(launchOf({}), env)).toThrow(
        expect.objectContaining({ code: 'PAR_TRANSPORT', message: expect.stringContaining(text) }),
      );
    }
    for (const [origin, folder] of places) {
      cpSync(from, join(folder, 'good'), { recursive: true });
      const { native, candidate } = users.loadAddon(launchOf({}), env);
      expect([candidate.path, candidate.origin]).toEqual([join(folder, 'good/par_mpi.node'), origin]);
      expect(native.family).toBe(wrapper!.family);
    }
    const { candidate } = users.loadAddon(launchOf({}), { ...env, PAR_MPI_ADDON: join(from, 'par_mpi.node') });
    expect(candidate.origin).toBe('PAR_MPI_ADDON');
    const worker = new Worker(
      `const { parentPort, workerData } = require('node:worker_threads'); parentPort.postMessage(require(workerData).family);`,
      { eval: true, workerData: candidate.path },
    );
    const family = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
    expect(family).toBe(wrapper!.family);
    for (const [, folder] of places) rmSync(folder, { recursive: true });
  });

  it('does not load the addon of one MPI into ranks of another', () => {
    const launch = launchOf({ OMPI_COMM_WORLD_SIZE: '1' });
    expect(loadAddon(launch, {}).candidate.build?.family).toBe('openmpi');
    expect(loadAddon(launchOf({ PMI_SIZE: '1', PMI_RANK: '0' }), {}).candidate.build?.family).toBe('mpich');
  });
});
