import { spawnSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { basename } from 'node:path';
import { which } from './wrappers.ts';

/** A program that starts MPI ranks. */
export interface Launcher {
  readonly name: string;
  readonly path: string;
  /** Whose options it takes, and whose ranks it starts: Slurm's starts any. */
  readonly family: 'openmpi' | 'mpich' | 'slurm' | 'unknown';
  /** Version in its own words, such as `4.1.4`. */
  readonly version: string;
}

const NAMES = [
  'mpirun',
  'mpiexec',
  'mpirun.openmpi',
  'mpiexec.openmpi',
  'mpiexec.mpich',
  'mpiexec.hydra',
  'prterun',
  'srun',
];

function identify(name: string, text: string): Pick<Launcher, 'family' | 'version'> {
  const openmpi = /\((?:OpenRTE|Open MPI|PRR?TE)\)\s*v?(\d[\w.]*)/i.exec(text);
  if (openmpi) return { family: 'openmpi', version: openmpi[1]! };
  const hydra = /HYDRA[\s\S]*?Version:\s*([\w.]+)/.exec(text) ?? /Intel\(R\) MPI Library.*?Version\s+(\S+)/.exec(text);
  if (hydra) return { family: 'mpich', version: hydra[1]! };
  // Without a configured cluster it says only what it misses.
  const slurm = /^slurm(?:-wlm)?\s+([\w.]+)/m.exec(text);
  if (slurm || basename(name) === 'srun')
    return { family: 'slurm', version: slurm?.[1] ?? `unknown: ${firstLine(text)}` };
  return { family: 'unknown', version: firstLine(text) };
}

/** The first with words in it. */
function firstLine(text: string): string {
  return text.split('\n').find((line) => /\w/.test(line)) ?? '';
}

/** Every launcher on PATH ($MPIEXEC first), each once, with the MPI it belongs to. */
export function discoverLaunchers(env: NodeJS.ProcessEnv = process.env): Launcher[] {
  const found: Launcher[] = [];
  const seen = new Set<string>();
  for (const name of [...(env.MPIEXEC ? [env.MPIEXEC] : []), ...NAMES]) {
    const path = which(name, env);
    if (path === undefined || seen.has(realpathSync(path))) continue;
    seen.add(realpathSync(path));
    // Open MPI refuses root even for its version unless told otherwise.
    const asked = spawnSync(path, ['--version'], {
      encoding: 'utf8',
      env: { ...env, OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1' },
    });
    if (asked.error) continue;
    found.push({ name, path, ...identify(name, `${asked.stdout}${asked.stderr}`) });
  }
  return found;
}
