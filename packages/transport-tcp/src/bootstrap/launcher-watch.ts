import { readFileSync } from 'node:fs';
import type { Detection } from '@par/comm-core';
import { stat } from './proc.ts';

/** How often the launcher is looked for, in milliseconds. */
const LOOK_MS = 1000;

/** What a launcher gives its ranks and does not have itself. torch's ranks are missing: people start them by hand, too. */
const RANK_VARIABLES: Partial<Record<Detection['row'], string>> = {
  ompi: 'OMPI_COMM_WORLD_RANK',
  jsm: 'JSM_NAMESPACE_RANK',
  mvapich: 'MV2_COMM_WORLD_RANK',
  pals: 'PALS_RANKID',
  flux: 'FLUX_TASK_RANK',
  pmi: 'PMI_RANK',
  slurm: 'SLURM_PROCID',
};

/**
 * Calls `gone` once the process that started this rank has ended: Open MPI's mpirun, when it is killed, leaves ranks running that are no
 * programs of MPI. Does not keep this process alive. Nothing is watched where /proc does not tell who that is.
 */
export function watchLauncher(row: Detection['row'], gone: (what: string) => void): void {
  const variable = RANK_VARIABLES[row];
  const launcher = variable === undefined ? undefined : ancestorWithout(variable);
  if (launcher === undefined) return;
  const timer = setInterval(() => {
    const now = stat(launcher.pid);
    if (now?.started === launcher.started && !now.dead) return;
    clearInterval(timer);
    gone(`${launcher.name} (pid ${launcher.pid})`);
  }, LOOK_MS).unref();
}

/** The launcher or its daemon on this host; shells between it and this process have the variable. */
function ancestorWithout(variable: string): ReturnType<typeof stat> {
  let ancestor = stat(process.ppid);
  while (ancestor !== undefined && ancestor.pid > 1 && hasVariable(ancestor.pid, variable)) {
    ancestor = stat(ancestor.parent);
  }
  return ancestor;
}

/** False also for a process of somebody else, as daemons of root are. */
function hasVariable(pid: number, variable: string): boolean {
  try {
    return `\0${readFileSync(`/proc/${pid}/environ`, 'latin1')}`.includes(`\0${variable}=`);
  } catch {
    return false;
  }
}
