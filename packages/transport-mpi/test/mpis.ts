import { fileURLToPath } from 'node:url';
import { discoverAddons, discoverLaunchers, type Launcher } from '../src/build/index.ts';

/** An MPI the tests run on: its launcher, and an addon built for it. */
export interface TestedMpi {
  readonly name: string;
  readonly family: 'openmpi' | 'mpich';
  readonly launcher: Launcher;
  readonly env: Readonly<Record<string, string>>;
  /** The C compiler wrapper beside the C++ one the addon was built with. */
  readonly mpicc: string;
  /** Path of the addon. */
  readonly addon: string;
  command(np: number, program: readonly string[]): { command: string; args: string[] };
  /** Several programs in one world: each part is how many ranks, and what they run. */
  together(parts: readonly (readonly [np: number, program: readonly string[]])[]): { command: string; args: string[] };
}

/** The built package, which ranks load by itself as users' programs do. */
export const MODULE: string = new URL('../dist/index.js', import.meta.url).href;
export const PROGRAMS: string = fileURLToPath(new URL('./programs/', import.meta.url));

/** Containers run tests as root, with more ranks than cores. */
const OPTIONS = {
  openmpi: ['--oversubscribe', '--bind-to', 'none'],
  mpich: [],
};
const ENV = {
  openmpi: { OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1' },
  mpich: {},
};
const REQUIRED = {
  openmpi: 'openmpi-bin libopenmpi-dev',
  mpich: 'mpich libmpich-dev',
};

function testedMpi(family: 'openmpi' | 'mpich'): TestedMpi | undefined {
  const launcher = discoverLaunchers().find((found) => found.family === family);
  const addon = discoverAddons({}).find(({ build }) => build?.family === family);
  if (!launcher || !addon) {
    console.warn(
      `\n*** the tests of ${family} do NOT run: no ${launcher ? 'addon' : 'launcher'}; apt-get install ${REQUIRED[family]}, then build ***\n`,
    );
    return undefined;
  }
  const options = OPTIONS[family];
  const part = (np: number, program: readonly string[]): string[] => ['-n', String(np), ...program];
  return {
    name: `${addon.build?.library} (${launcher.name} ${launcher.version})`,
    family,
    launcher,
    addon: addon.path,
    mpicc: addon.build!.wrapper.replace(/mpicxx|mpic\+\+/, 'mpicc'),
    env: { ...ENV[family], PAR_TRANSPORT: 'mpi', PAR_TRANSPORT_MODULE: MODULE },
    command: (np, program) => ({
      command: launcher.path,
      args: [...options, ...part(np, [process.execPath, ...program])],
    }),
    together: (parts) => ({
      command: launcher.path,
      args: [...options, ...parts.flatMap(([np, program], i) => [...(i > 0 ? [':'] : []), ...part(np, program)])],
    }),
  };
}

/** Every MPI of this machine that can be tested; says loudly which cannot. */
export const MPIS: readonly TestedMpi[] = (['openmpi', 'mpich'] as const).flatMap((family) => testedMpi(family) ?? []);
