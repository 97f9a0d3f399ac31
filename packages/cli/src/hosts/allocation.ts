import { expandHostlist, expandTasksPerNode } from '@par/comm-core';
import { UsageError } from '../usage-error.ts';
import { readHostFile } from './host-file.ts';
import { type HostRequest, parseHostList } from './host-list.ts';

/** Which program starts our agent on a host. */
export type Reach = 'ssh' | 'srun';

export interface HostsRequest {
  readonly hosts: readonly HostRequest[];
  readonly reach: Reach;
  /** Where they come from, for people: "--host", "PBS_NODEFILE", "Slurm job 17". */
  readonly origin: string;
}

export interface HostOptions {
  /** Values of --host, joined by commas. */
  readonly host: string | undefined;
  readonly hostFile: string | undefined;
  readonly ppn: number | undefined;
}

/**
 * The hosts of the job: those of the options, else of the allocation par was started in (`PBS_NODEFILE`, Slurm). Undefined: this host
 * only. In a Slurm allocation agents are started by srun, which works where ssh to nodes is forbidden and keeps them in the
 * job's accounting; hosts given by option are reached by ssh unless they are nodes of that allocation. Throws UsageError.
 */
export function requestedHosts({ host, hostFile, ppn }: HostOptions, env: NodeJS.ProcessEnv): HostsRequest | undefined {
  if (host !== undefined && hostFile !== undefined) throw new UsageError('--host and --hostfile: give one of them');
  const asked =
    host !== undefined
      ? { hosts: parseHostList(host, '--host'), origin: '--host' }
      : hostFile !== undefined
        ? { hosts: readHostFile(hostFile, '--hostfile'), origin: `--hostfile ${hostFile}` }
        : undefined;
  const slurm = slurmNodes(env);
  if (asked) {
    const nodes = new Set(slurm?.map(({ name }) => name));
    const inside = slurm !== undefined && asked.hosts.every(({ name }) => nodes.has(name));
    return { hosts: merge(asked.hosts), origin: asked.origin, reach: inside ? 'srun' : 'ssh' };
  }
  if (slurm) return { hosts: slurm, origin: `Slurm job ${env.SLURM_JOB_ID}`, reach: 'srun' };
  if (env.PBS_NODEFILE) {
    const hosts = merge(readHostFile(env.PBS_NODEFILE, 'PBS_NODEFILE'));
    // A line per slot: a host named once has one.
    return {
      hosts: hosts.map((one) => ({ ...one, slots: one.slots ?? 1 })),
      origin: 'PBS_NODEFILE',
      reach: 'ssh',
    };
  }
  if (ppn !== undefined) {
    const here = { name: 'localhost', user: undefined, slots: undefined, maxSlots: undefined };
    return { hosts: [here], origin: 'this host', reach: 'ssh' };
  }
  return undefined;
}

/** Slots are tasks where the person gave a number of tasks, else CPUs. */
function slurmNodes(env: NodeJS.ProcessEnv): HostRequest[] | undefined {
  const list = env.SLURM_JOB_NODELIST;
  if (env.SLURM_JOB_ID === undefined || list === undefined) return undefined;
  const saysTasks = env.SLURM_NTASKS !== undefined || env.SLURM_NTASKS_PER_NODE !== undefined;
  const counts = (saysTasks && env.SLURM_TASKS_PER_NODE) || env.SLURM_JOB_CPUS_PER_NODE;
  const names = expandHostlist(list);
  const slots = counts === undefined ? [] : expandTasksPerNode(counts);
  return names.map((name, at) => ({ name, user: undefined, slots: slots[at], maxSlots: undefined }));
}

/** A host named several times has as many slots, or the sum of those given. */
function merge(hosts: readonly HostRequest[]): HostRequest[] {
  const merged = new Map<string, HostRequest>();
  for (const host of hosts) {
    const known = merged.get(host.name);
    if (known === undefined) merged.set(host.name, host);
    else merged.set(host.name, { ...known, slots: (known.slots ?? 1) + (host.slots ?? 1) });
  }
  return [...merged.values()];
}
