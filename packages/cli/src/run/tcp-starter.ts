import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Door } from '@par/transport-tcp';
import type { Access } from '@par/transport-tcp/rendezvous';
import type { Fleet } from '../agent/fleet.ts';
import { hostOfDoor } from '../cluster/door.ts';
import type { RunOptions } from '../command-line/parse-run.ts';
import { type Control, openControl } from './control.ts';
import { type JobIdentity, type RankSeat, rankEnvironment } from './environment.ts';
import { isPeerLoss } from './exit-policy.ts';
import { INSPECTOR_PORT, planRanks, type ResolvedSegment, rendezvousPath } from './plan.ts';
import { type RankPlan, RankProcess } from './rank-process.ts';
import { Replacements } from './replacements.ts';
import type { Setting, Starter, StarterEvents } from './starter.ts';

/** How long the cause of a rank's loss of another is waited for. */
const CAUSE_MS = 500;

/** Ranks a job can have besides those that start together: workers in place of lost ones, and clients of a cluster. */
const SPARE_RANKS = 256;
export const SPARE_RANKS_OF_CLUSTER = 4096;

/** A rank's place in a job of one or several hosts. */
export interface TcpSeat extends RankSeat {
  /** Name of its host; undefined: this one. */
  readonly otherHost: string | undefined;
}

/** Ranks as children of par, or of its agents on other hosts, which find each other through its rendezvous. */
export async function tcpStarter(setting: Setting, { job, note }: StarterEvents): Promise<Starter> {
  const { options, segments, size, id, directory, reaper, fleet } = setting;
  const founds = setting.cluster?.kind === 'founds' ? setting.cluster : undefined;
  const secret = randomBytes(32).toString('hex');
  const socket = rendezvousPath(directory);
  const universe = size + (founds === undefined ? SPARE_RANKS : SPARE_RANKS_OF_CLUSTER);
  const control = await openControl({
    path: socket,
    door: founds?.door,
    size,
    universe,
    newcomers: founds !== undefined,
    jobId: id,
    secret,
    secure: options.secure,
    onAbort: (rank, status, reason) => job()?.abort(rank, status, reason),
    onExpendable: (rank, replacement) => {
      job()?.policy.expendable(rank);
      if (replacement !== undefined) replacements.register(rank, replacement);
    },
    onMissed: (rank, lost) => job()?.policy.missed(rank, lost),
    onEvict: (rank, reason) => {
      if (job()?.evict(rank)) note(`rank ${rank} is killed: ${reason}`);
    },
    onNotice: note,
  });
  const seats = fleet ? await prepare(fleet, setting, socket, control) : hereSeats(size, control);
  const plans = planTcpRanks(segments, options, { id, secret, size, universe }, seats);
  for (const line of remoteDebuggers(options, seats)) note(line);
  const replacements = new Replacements({
    job,
    note,
    hasJoined: (rank) => control.hasJoined(rank),
    reserve: () => control.reserve(),
    nodeArgs: (appnum) => segments[appnum]!.nodeArgs,
    start: (plan, like, events) =>
      fleet?.startLike(plan, like, events, reaper) ?? new RankProcess(plan, events, reaper),
  });
  let withdraw = (): void => {};
  if (founds !== undefined) {
    const doors = doorsOf(control, fleet?.address, seats);
    const launcher = { pid: process.pid, hostname: hostname() };
    const access: Access = {
      job: id,
      size: universe,
      worldSize: size,
      secret,
      secure: options.secure,
      doors,
      launcher,
    };
    control.complete.then(
      () => {
        try {
          withdraw = founds.onAccess(access);
        } catch (error) {
          job()?.outputLost((error as NodeJS.ErrnoException).code ?? (error as Error).message, 'the scheduler file');
        }
      },
      () => {}, // the job ends, and says why
    );
  }
  return {
    replacing: (rank, end) => replacements.forLost(rank, end),
    plans,
    causeMs: CAUSE_MS,
    isConsequence: isPeerLoss,
    start: (events) =>
      fleet?.start(plans, events, reaper) ?? plans.map((plan) => new RankProcess(plan, events, reaper)),
    started: async () => fleet?.started(),
    rankEnded: (rank, end) => control.rankEnded(rank, end),
    pending: (rank, signal) => control.pending(rank, signal),
    close: async () => {
      withdraw();
      await control.close(job()?.ranks.map(({ plan }) => plan.rank) ?? []);
    },
  };
}

async function prepare(fleet: Fleet, setting: Setting, socket: string, control: Control): Promise<TcpSeat[]> {
  try {
    return await fleet.prepare({ ...setting, door: control.door }, socket);
  } catch (error) {
    void control.close([]);
    throw error;
  }
}

/** How debuggers that listen on other hosts, for these hosts only, are reached. */
function remoteDebuggers({ inspect }: RunOptions, seats: readonly TcpSeat[]): string[] {
  if (inspect === undefined) return [];
  const tunnels = new Map<string, string[]>();
  for (const [rank, { otherHost }] of seats.entries()) {
    if (otherHost === undefined || (inspect.rank !== undefined && inspect.rank !== rank)) continue;
    const port = INSPECTOR_PORT + rank;
    tunnels.set(otherHost, [...(tunnels.get(otherHost) ?? []), `-L ${port}:127.0.0.1:${port}`]);
  }
  return [...tunnels].map(
    ([host, tunnel]) => `debuggers on ${host} are reached with ssh -N ${tunnel.join(' ')} ${host}`,
  );
}

/** All ranks on this host. */
export function hereSeats(
  size: number,
  { address, door }: Pick<Control, 'address' | 'door'> = {
    address: 'unix:<directory>/rendezvous.sock',
    door: undefined,
  },
): TcpSeat[] {
  return Array.from({ length: size }, (_, rank) => ({
    localRank: rank,
    localSize: size,
    rendezvous: address,
    tcpHost: door && hostOfDoor(door),
    otherHost: undefined,
  }));
}

/** Where processes that join later find the rendezvous: on this host first, then on each other host of the job, then from any. */
function doorsOf({ address, door }: Control, tcpHost: string | undefined, seats: readonly TcpSeat[]): Door[] {
  const own = { address, tcpHost: tcpHost ?? (door && hostOfDoor(door)) };
  const doors = new Map<string, Door>([[address, own]]);
  for (const { rendezvous, tcpHost, otherHost } of seats) {
    if (otherHost !== undefined) doors.set(rendezvous, { address: rendezvous, tcpHost });
  }
  if (door !== undefined) doors.set(door, { address: door });
  return [...doors.values()];
}

export function planTcpRanks(
  segments: readonly ResolvedSegment[],
  options: RunOptions,
  job: Pick<JobIdentity, 'id' | 'secret' | 'size' | 'universe'>,
  seats: readonly TcpSeat[],
): RankPlan[] {
  const identity = {
    ...job,
    transportModule: import.meta.resolve('@par/transport-tcp'),
    secure: options.secure,
  };
  return planRanks(segments, options, {
    environment: (rank, appnum) => {
      const seat = seats[rank]!;
      // A person's choice of interface comes before what was found.
      const tcpHost = segments[appnum]!.requested.PAR_TCP_HOST ?? seat.tcpHost;
      return rankEnvironment(identity, rank, appnum, { ...seat, tcpHost });
    },
    otherHost: (rank) => seats[rank]!.otherHost,
  });
}
