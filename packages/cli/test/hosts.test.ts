import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { requestedHosts } from '../src/hosts/allocation.ts';
import { readHostFile } from '../src/hosts/host-file.ts';
import { parseHostList } from '../src/hosts/host-list.ts';
import { isThisHost } from '../src/hosts/local.ts';
import { place, type Spot, totalSlots } from '../src/hosts/place.ts';
import { UsageError } from '../src/usage-error.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'par-hosts-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

function file(text: string): string {
  const path = join(directory, 'hosts');
  writeFileSync(path, text);
  return path;
}

/** `user@name:slots/maximum`, what is not given left out. */
function show(hosts: ReturnType<typeof parseHostList>): string[] {
  return hosts.map(
    ({ name, user, slots, maxSlots }) =>
      `${user === undefined ? '' : `${user}@`}${name}${slots === undefined ? '' : `:${slots}`}${maxSlots === undefined ? '' : `/${maxSlots}`}`,
  );
}

test.each([
  ['h', ['h']],
  ['h:4', ['h:4']],
  ['a:2,b', ['a:2', 'b']],
  ['user@h', ['user@h']],
  ['user@h:3', ['user@h:3']],
  ['n[1-3]:2', ['n1:2', 'n2:2', 'n3:2']],
  ['n[08-09,12],g', ['n08', 'n09', 'n12', 'g']],
  ['rack[1-2]n[1-2]', ['rack1n1', 'rack1n2', 'rack2n1', 'rack2n2']],
  ['[::1]:4', ['::1:4']],
  ['me@[fe80::1%eth0]', ['me@fe80::1%eth0']],
  ['[2001:db8::7]', ['2001:db8::7']],
  ['::1', ['::1']],
  ['10.0.0.1:2,10.0.0.2', ['10.0.0.1:2', '10.0.0.2']],
  ['[1-3]', ['1', '2', '3']],
])('--host %s', (text, hosts) => {
  expect(show(parseHostList(text, '-H'))).toEqual(hosts);
});

test.each([
  ['h:0', '"0" is not a number of slots'],
  ['h:many', '"many" is not a number of slots'],
  ['-oProxyCommand=x', 'not the name of a host'],
  ['u@-x', 'not the name of a host'],
  ['-u@h', 'no user in front of the @'],
  ['h;reboot', 'not the name of a host'],
  ['n[3-1]', 'goes downwards'],
  ['n[', 'never closed'],
  ['', 'names no host'],
  [',', 'names no host'],
])('--host %s is refused', (text, words) => {
  expect(() => parseHostList(text, '-H')).toThrow(UsageError);
  expect(() => parseHostList(text, '-H')).toThrow(words);
});

test('a hostfile of either mpirun, with comments', () => {
  const text = '# cluster\nh1\n\nh2:4 # fast\nme@h3 slots=4 max_slots=8\nn[1-2] slots=2\r\n[::1]:3\nh4 max-slots=1\n';
  const expected = ['h1', 'h2:4', 'me@h3:4/8', 'n1:2', 'n2:2', '::1:3', 'h4/1'];
  expect(show(readHostFile(file(text), '-f'))).toEqual(expected);
});

test.each([
  ['h1\nh2 slot=4\n', 'line 2: "slot=4"'],
  ['h1 slots=no\n', 'line 1: "no"'],
  ['# none\n', 'no host in it'],
])('a hostfile %j is refused with its line', (text, words) => {
  expect(() => readHostFile(file(text), '-f')).toThrow(words);
});

test('allocations are found: PBS has a line per slot, Slurm says tasks or CPUs', () => {
  const options = { host: undefined, hostFile: undefined, ppn: undefined };
  const found = (env: Record<string, string>) => {
    const request = requestedHosts(options, env);
    return request && { hosts: show([...request.hosts]), reach: request.reach };
  };
  expect(found({})).toBeUndefined();
  expect(found({ PBS_NODEFILE: file('n1\nn1\nn2\n') })).toEqual({ hosts: ['n1:2', 'n2:1'], reach: 'ssh' });
  const slurm = { SLURM_JOB_ID: '7', SLURM_JOB_NODELIST: 'n[1-3]', SLURM_JOB_CPUS_PER_NODE: '4(x2),2' };
  expect(found(slurm)).toEqual({ hosts: ['n1:4', 'n2:4', 'n3:2'], reach: 'srun' });
  expect(found({ ...slurm, SLURM_NTASKS: '5', SLURM_TASKS_PER_NODE: '2(x2),1' })).toEqual({
    hosts: ['n1:2', 'n2:2', 'n3:1'],
    reach: 'srun',
  });
  // Some of its nodes: still its own srun. Others: ssh.
  expect(requestedHosts({ ...options, host: 'n2' }, slurm)).toMatchObject({ reach: 'srun' });
  expect(requestedHosts({ ...options, host: 'n2,other' }, slurm)).toMatchObject({ reach: 'ssh' });
  expect(() => requestedHosts({ ...options, host: 'a', hostFile: 'b' }, {})).toThrow('one of them');
});

test('a host named several times has as many slots', () => {
  expect(show([...requestedHosts({ host: 'a,a,b:2,a', hostFile: undefined, ppn: undefined }, {})!.hosts])).toEqual([
    'a:3',
    'b:2',
  ]);
});

function spots(...slots: (number | undefined)[]): Spot[] {
  return slots.map((count, at) => ({
    request: { name: `h${at}`, user: undefined, slots: count, maxSlots: undefined },
    cores: 8,
  }));
}

test.each([
  ['even blocks where nobody gave a number', 5, spots(undefined, undefined, undefined), undefined, [2, 2, 1]],
  ['fewer ranks than hosts', 2, spots(undefined, undefined, undefined), undefined, [1, 1, 0]],
  ['slots in order', 5, spots(4, 4), undefined, [4, 1]],
  ['more ranks than slots go round again', 7, spots(2, 1), undefined, [5, 2]],
  ['ranks per host', 5, spots(undefined, undefined), 3, [3, 2]],
])('placement: %s', (_name, size, hosts, ppn, counts) => {
  expect(place(size, hosts, ppn).counts).toEqual(counts);
});

test('a limit is a limit', () => {
  const [host] = spots(2);
  const limited = [{ ...host!, request: { ...host!.request, maxSlots: 3 } }];
  expect(place(3, limited, undefined).counts).toEqual([3]);
  expect(() => place(4, limited, undefined)).toThrow('max_slots');
  expect(() => place(7, spots(1, 1), 3)).toThrow('room for 6');
});

test('every rank has one place, in blocks, numbered from 0 on each host', () => {
  const slots = fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined });
  fc.assert(
    fc.property(fc.array(slots, { minLength: 1, maxLength: 6 }), fc.integer({ min: 1, max: 60 }), (given, size) => {
      const { hostOf, localRank, counts } = place(size, spots(...given), undefined);
      expect(hostOf).toEqual([...hostOf].sort((a, b) => a - b));
      expect(hostOf).toHaveLength(size);
      expect(counts.map((_, host) => hostOf.filter((other) => other === host).length)).toEqual(counts);
      for (const [rank, local] of localRank.entries()) expect(local).toBe(rank - hostOf.indexOf(hostOf[rank]!));
      // Nobody waits for a slot while another host has ranks beyond its own.
      const all = totalSlots(spots(...given.map((count) => count ?? 1)), undefined);
      if (size <= all && given.every((count) => count !== undefined)) {
        for (const [host, count] of counts.entries()) expect(count).toBeLessThanOrEqual(given[host]!);
      }
    }),
  );
});

test('this host is known by its names and addresses, and not as another user', async () => {
  const here = (name: string, user?: string) =>
    isThisHost({ name, user, slots: undefined, maxSlots: undefined }, { SLURMD_NODENAME: 'node7' });
  expect(await here(hostname())).toBe(true);
  expect(await here('localhost')).toBe(true);
  expect(await here('127.0.0.1')).toBe(true);
  expect(await here('node7')).toBe(true);
  expect(await here('localhost', 'somebody-else')).toBe(false);
  expect(await here('192.0.2.1')).toBe(false);
});
