import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import type { Family } from '../launcher.ts';

/** A C++ compiler wrapper of an MPI. */
export interface Wrapper {
  /** As it was named: `mpicxx.openmpi`, `$MPICXX`. */
  readonly name: string;
  readonly path: string;
  readonly family: Family;
  /** Library in its header's words, such as `MPICH 4.0.2`. */
  readonly library: string;
  /** Version of the MPI standard its header has. */
  readonly standard: string;
  /** Names this MPI: header, compiler command and library. */
  readonly identity: string;
}

/** A wrapper that was found and is of no use, and why. */
export interface BadWrapper {
  readonly name: string;
  readonly path: string;
  readonly problem: string;
}

/** Names tried on PATH, in this order. Debian installs several MPIs side by side under the suffixed ones. */
const NAMES = ['mpicxx', 'mpic++', 'mpicxx.openmpi', 'mpicxx.mpich', 'mpic++.openmpi', 'mpic++.mpich', 'mpicxx_abi'];

/** Asked of the preprocessor: what the header says of itself. */
const QUESTION = `#include <mpi.h>
par_standard MPI_VERSION MPI_SUBVERSION
#ifdef OPEN_MPI
par_openmpi OMPI_MAJOR_VERSION OMPI_MINOR_VERSION OMPI_RELEASE_VERSION
#endif
#ifdef MPICH_VERSION
par_mpich MPICH_VERSION
#endif
#ifdef MPI_ABI_VERSION
par_abi MPI_ABI_VERSION
#endif
`;

/** The executable a name stands for, as a shell would find it. */
export function which(name: string, env: NodeJS.ProcessEnv): string | undefined {
  const places =
    isAbsolute(name) || name.includes('/') ? [name] : (env.PATH ?? '').split(delimiter).map((d) => join(d, name));
  return places.find((place) => {
    try {
      accessSync(place, constants.X_OK);
      return statSync(place).isFile();
    } catch {
      return false;
    }
  });
}

/** Looks into one wrapper. Undefined when there is no such executable. */
export function inspectWrapper(name: string, env: NodeJS.ProcessEnv): Wrapper | BadWrapper | undefined {
  const path = which(name, env);
  return path === undefined ? undefined : inspect(name, path, shownBy(path, env), env);
}

/** What it would run; empty when it does not say. */
function shownBy(path: string, env: NodeJS.ProcessEnv): string {
  return spawnSync(path, ['-show'], { encoding: 'utf8', env }).stdout ?? '';
}

function inspect(name: string, path: string, shown: string, env: NodeJS.ProcessEnv): Wrapper | BadWrapper {
  const asked = spawnSync(path, ['-x', 'c++', '-E', '-P', '-DOMPI_SKIP_MPICXX', '-DMPICH_SKIP_MPICXX', '-'], {
    input: QUESTION,
    encoding: 'utf8',
    env,
  });
  // A wrapper that ends without reading the question leaves EPIPE as the error: its own words say more.
  if (asked.status !== 0) {
    const problem = asked.stderr?.trim().split('\n')[0] || asked.error?.message || `status ${asked.status}`;
    return { name, path, problem };
  }
  const answer = (word: string): string | undefined =>
    new RegExp(`^par_${word} (.*)$`, 'm').exec(asked.stdout)?.[1]?.replaceAll('"', '').trim();
  const standard = answer('standard')?.replace(' ', '.');
  if (standard === undefined) return { name, path, problem: 'compiles no mpi.h' };
  const openmpi = answer('openmpi')?.replaceAll(' ', '.');
  const mpich = answer('mpich');
  const family: Family = openmpi ? 'openmpi' : mpich ? 'mpich' : 'mpi-abi';
  const library = openmpi ? `Open MPI ${openmpi}` : mpich ? `MPICH ${mpich}` : `MPI ABI ${answer('abi') ?? ''}`.trim();
  return { name, path, family, library, standard, identity: identityOf(path, library, shown) };
}

/** Same MPI, same identity: what the wrapper would run, and the wrapper itself. */
function identityOf(path: string, library: string, shown: string): string {
  const real = realpathSync(path);
  const { size, mtimeMs } = statSync(real);
  const parts = [process.platform, process.arch, library, real, size, mtimeMs, shown];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}

/** Every MPI that can be built for: $MPICXX first, Cray's CC under its environment, then the usual names; each MPI once. */
export function discoverWrappers(env: NodeJS.ProcessEnv = process.env): { found: Wrapper[]; bad: BadWrapper[] } {
  const names = [...(env.MPICXX ? [env.MPICXX] : []), ...(env.CRAYPE_VERSION ? ['CC'] : []), ...NAMES];
  const found: Wrapper[] = [];
  const bad: BadWrapper[] = [];
  const seen = new Set<string>();
  for (const name of names) {
    const path = which(name, env);
    if (path === undefined) {
      if (name === env.MPICXX)
        bad.push({ name, path: name, problem: 'MPICXX names it, but there is no such executable' });
      continue;
    }
    // The wrappers of MPICH share one file, those of Open MPI another: they tell by what they would run.
    const shown = shownBy(path, env);
    if (seen.has(shown)) continue;
    const wrapper = inspect(name, path, shown, env);
    if ('problem' in wrapper) {
      bad.push(wrapper);
      continue;
    }
    const known = shown || wrapper.library;
    if (seen.has(known)) continue;
    seen.add(known);
    found.push(wrapper);
  }
  return { found, bad };
}
