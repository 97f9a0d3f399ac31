import { join } from 'node:path';
import type { HostRecord } from './host.ts';

/** CPUs each node claims to have: enough that no job of the tests waits for another. */
const CPUS = 64;

/** slurm.conf of a cluster whose files are all in `directory`. */
export function slurmConfiguration(directory: string, controller: HostRecord, nodes: readonly HostRecord[]): string {
  const own = (name: string): string => join(directory, name);
  const settings = {
    ClusterName: 'testbed',
    SlurmctldHost: `${controller.name}(${controller.address})`,
    SlurmUser: 'root',
    SlurmdUser: 'root',
    AuthType: 'auth/munge',
    AuthInfo: `socket=${own('munge.socket')}`,
    StateSaveLocation: own('state'),
    SlurmctldPidFile: own('slurmctld.pid'),
    SlurmctldLogFile: own('slurmctld.log'),
    SlurmdSpoolDir: own('%n/spool'),
    SlurmdPidFile: own('%n/slurmd.pid'),
    SlurmdLogFile: own('%n/slurmd.log'),
    TmpFS: own('%n/tmp'),
    SlurmdParameters: 'config_overrides',
    ProctrackType: 'proctrack/linuxproc',
    TaskPlugin: 'task/none',
    JobAcctGatherType: 'jobacct_gather/none',
    AccountingStorageType: 'accounting_storage/none',
    MpiDefault: 'none',
    SelectType: 'select/cons_tres',
    SelectTypeParameters: 'CR_Core',
    SchedulerParameters: 'batch_sched_delay=0,sched_interval=1',
    ReturnToService: '2',

    KillWait: '5',
  };
  return [
    ...Object.entries(settings).map(([name, value]) => `${name}=${value}`),
    ...nodes.map(({ name, address }) => `NodeName=${name} NodeAddr=${address} CPUs=${CPUS} State=UNKNOWN`),
    `PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP`,
    '',
  ].join('\n');
}
