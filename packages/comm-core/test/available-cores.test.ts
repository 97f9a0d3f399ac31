import { expect, test } from 'vitest';
import { processorQuota } from '../src/available-cores.ts';

const none = Number.POSITIVE_INFINITY;

// /proc/self/cgroup and the files below /sys/fs/cgroup, as Linux shows them.
test.each([
  ['version 2, of the container itself', '0::/', { 'cpu.max': '150000 100000' }, 1.5],
  ['version 2 without one', '0::/user.slice', { 'user.slice/cpu.max': 'max 100000', 'cpu.max': 'max 100000' }, none],
  ['version 2, of a group above', '0::/a/b', { 'a/cpu.max': '50000 100000', 'a/b/cpu.max': '400000 100000' }, 0.5],
  [
    'version 1',
    '4:cpu,cpuacct:/job\n3:cpuset:/job',
    { 'cpu,cpuacct/job/cpu.cfs_quota_us': '200000\n', 'cpu,cpuacct/job/cpu.cfs_period_us': '100000\n' },
    2,
  ],
  [
    'version 1 in a container that sees the path of the host',
    '9:name=systemd:/\n1:cpu:/libpod_parent/libpod-0a\n0::/',
    { 'cpu/cpu.cfs_quota_us': '100000\n', 'cpu/cpu.cfs_period_us': '100000\n' },
    1,
  ],
  ['version 1 without one', '1:cpu:/', { 'cpu/cpu.cfs_quota_us': '-1\n', 'cpu/cpu.cfs_period_us': '100000\n' }, none],
  ['another system', '', {}, none],
])('quota of control groups: %s', (_name, groups, files: Record<string, string>, quota) => {
  expect(processorQuota(groups, (file) => files[file.replace('/sys/fs/cgroup/', '')])).toBe(quota);
});
