import { readFileSync } from 'node:fs';
import { availableCores } from '@par/comm-core';
import type { Native } from './native.ts';

/** What a rank tells the others of where it runs. */
export interface Place {
  readonly host: string;
  /** Cores it may run on, one character each, '1' for yes. Empty when the system does not say. */
  readonly cores: string;
  /** Cores it may use at once, which a container's quota can make fewer. */
  readonly parallelism: number;
  /** Processes among which giving the core away works: its session where Linux groups by that (sched(7), autogroup), else 0. */
  readonly group: number;
}

export function placeOf(host: string, native: Native): Place {
  const group = groupsBySession() ? native.session() : 0;
  return { host, cores: native.cores(), parallelism: availableCores(), group };
}

function groupsBySession(): boolean {
  try {
    return readFileSync('/proc/sys/kernel/sched_autogroup_enabled', 'latin1').trim() === '1';
  } catch {
    return false;
  }
}

/** Whether giving its core away lets any other rank of its host have it. */
export function yieldsReach(places: readonly Place[], me: number): boolean {
  const { host, group } = places[me]!;
  return places.every((place) => place.host !== host || place.group === group);
}

/** Whether each rank on the host of rank `me` can have a core to itself: only then may ranks poll without pause. */
export function coresSuffice(places: readonly Place[], me: number): boolean {
  const local = places.filter((place) => place.host === places[me]!.host);
  const together = new Set<number>();
  for (const { cores } of local) {
    for (let core = 0; core < cores.length; core++) if (cores[core] === '1') together.add(core);
  }
  const mine = [...places[me]!.cores].filter((core) => core === '1').length;
  const { parallelism } = places[me]!;
  const quota = mine > 0 && parallelism < mine ? parallelism : Number.POSITIVE_INFINITY;
  const cores = together.size > 0 ? together.size : parallelism;
  return local.length <= Math.min(cores, quota);
}

/** Whether ranks of some host share its cores. The same on every rank, given the same places. */
export function isCrowded(places: readonly Place[]): boolean {
  const hosts = new Map(places.map(({ host }, rank) => [host, rank]));
  return [...hosts.values()].some((rank) => !coresSuffice(places, rank));
}
