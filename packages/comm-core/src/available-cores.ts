import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';

/** Where Linux shows control groups. */
const MOUNT = '/sys/fs/cgroup';

/**
 * Cores this process can keep busy at once, at least 1: those it may run on, or as many whole ones as its container's quota of processor
 * time (`--cpus`, Kubernetes' limits) comes to. Node knows the quota only of control groups of version 2.
 */
export function availableCores(): number {
  const quota = processorQuota(readOr('/proc/self/cgroup') ?? '', readOr);
  return Math.max(1, Math.min(availableParallelism(), Math.floor(quota)));
}

/** The smallest quota of a process in these control groups (the lines of /proc/self/cgroup) and of those above them, in cores; Infinity: none. */
export function processorQuota(groups: string, read: (file: string) => string | undefined): number {
  let least = Number.POSITIVE_INFINITY;
  for (const line of groups.trim().split('\n')) {
    const [, id, controllers, path] = /^(\d+):([^:]*):(\/.*)$/.exec(line) ?? [];
    if (path === undefined) continue;
    const second = id === '0' && controllers === '';
    if (!second && !controllers!.split(',').includes('cpu')) continue;
    const quotaOf = second ? quotaOfSecond : quotaOfFirst;
    // Inside a container the path can be that of the host, of which only the part below the container's own group is mounted.
    for (let group = path; ; group = dirname(group)) {
      least = Math.min(least, quotaOf(`${MOUNT}${second ? '' : `/${controllers}`}${group === '/' ? '' : group}`, read));
      if (group === '/') break;
    }
  }
  return least;
}

type Read = (file: string) => string | undefined;

/** `max 100000`, or microseconds of processor time in each period of so many. */
function quotaOfSecond(group: string, read: Read): number {
  const [quota, period] = (read(`${group}/cpu.max`) ?? '').trim().split(' ');
  return cores(quota, period);
}

function quotaOfFirst(group: string, read: Read): number {
  return cores(read(`${group}/cpu.cfs_quota_us`), read(`${group}/cpu.cfs_period_us`));
}

function cores(quota: string | undefined, period: string | undefined): number {
  const ratio = Number(quota) / Number(period);
  return ratio > 0 ? ratio : Number.POSITIVE_INFINITY;
}

function readOr(file: string): string | undefined {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return undefined;
  }
}
