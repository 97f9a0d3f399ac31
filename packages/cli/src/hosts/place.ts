import { UsageError } from '../usage-error.ts';
import type { HostRequest } from './host-list.ts';

/** Where each rank runs. */
export interface Placement {
  /** Index of the host of each rank. */
  readonly hostOf: readonly number[];
  /** Number of each rank among those of its host. */
  readonly localRank: readonly number[];
  /** How many ranks each host has. */
  readonly counts: readonly number[];
}

export interface Spot {
  readonly request: HostRequest;
  readonly cores: number;
}

/** How many ranks `-np auto` means: all slots, a host's cores where nobody gave a number. */
export function totalSlots(spots: readonly Spot[], ppn: number | undefined): number {
  return spots.reduce((sum, spot) => sum + slotsOf(spot, ppn), 0);
}

function slotsOf({ request, cores }: Spot, ppn: number | undefined): number {
  return Math.min(ppn ?? request.slots ?? cores, request.maxSlots ?? Number.POSITIVE_INFINITY);
}

/**
 * Puts ranks on hosts in blocks: `ppn` on each, or as many as the host has slots, in order; hosts without a number share evenly. Ranks
 * beyond all slots go round again (more ranks than slots are allowed), up to a host's max_slots. Throws UsageError.
 */
export function place(size: number, spots: readonly Spot[], ppn: number | undefined): Placement {
  const counts = countRanks(size, spots, ppn);
  const hostOf = counts.flatMap((count, host) => new Array<number>(count).fill(host));
  const localRank = counts.flatMap((count) => Array.from({ length: count }, (_, local) => local));
  return { hostOf, localRank, counts };
}

function countRanks(size: number, spots: readonly Spot[], ppn: number | undefined): number[] {
  if (ppn !== undefined) {
    if (size > ppn * spots.length) {
      throw new UsageError(
        `-np ${size}: ${spots.length} ${spots.length === 1 ? 'host' : 'hosts'} with ${ppn} ranks each have room for ${ppn * spots.length}`,
      );
    }
    return spots.map((_, host) => Math.min(ppn, Math.max(0, size - host * ppn)));
  }
  const limits = spots.map(({ request }) => request.maxSlots ?? Number.POSITIVE_INFINITY);
  const room = limits.reduce((sum, limit) => sum + limit, 0);
  if (size > room) throw new UsageError(`-np ${size}: the hosts take ${room} ranks at most (max_slots)`);
  const shares = spots.every(({ request }) => request.slots === undefined)
    ? spots.map((_, host) => Math.ceil((size * (host + 1)) / spots.length) - Math.ceil((size * host) / spots.length))
    : spots.map(({ request }) => request.slots ?? 1);
  const counts = new Array<number>(spots.length).fill(0);
  let left = size;
  while (left > 0) {
    for (const [host, share] of shares.entries()) {
      const taken = Math.min(Math.max(share, 1), left, limits[host]! - counts[host]!);
      counts[host]! += taken;
      left -= taken;
    }
  }
  return counts;
}
