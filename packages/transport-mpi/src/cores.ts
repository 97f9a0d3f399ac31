import { availableCores } from '@par/comm-core';

/** What a rank tells the others of where it runs. */
export interface Place {
  readonly host: string;
  /** Cores it may run on, one character each, '1' for yes. Empty when the system does not say. */
  readonly cores: string;
  /** Cores it may use at once, which a container's quota can make fewer. */
  readonly parallelism: number;
}

export function placeOf(host: string, cores: string): Place {
  return { host, cores, parallelism: availableCores() };
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
