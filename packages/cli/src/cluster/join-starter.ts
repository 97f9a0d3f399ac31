import type { Access } from '@par/transport-tcp/rendezvous';
import { isPeerLoss } from '../run/exit-policy.ts';
import { planRanks } from '../run/plan.ts';
import { type Rank, RankProcess } from '../run/rank-process.ts';
import { Replacements } from '../run/replacements.ts';
import type { Setting, Starter, StarterEvents } from '../run/starter.ts';
import { hereSeats, SPARE_RANKS_OF_CLUSTER } from '../run/tcp-starter.ts';

/** A worker that lives for so long has joined: nobody here is told when it does. */
const JOINED_AFTER_MS = 10_000;

/** Workers for a cluster that another launcher has started: each is a process that joins by itself, as the rank the cluster gives it. */
export async function joinStarter(
  { options, segments, size, id, directory, reaper, fleet }: Setting,
  { secret, ...access }: Access,
  { job, note }: StarterEvents,
): Promise<Starter> {
  const seats = fleet
    ? await fleet.prepare({ id, segments, size, options, door: undefined }, directory)
    : hereSeats(size);
  const plans = planRanks(segments, options, {
    environment: (rank) => ({
      PAR_JOB: id,
      PAR_SECRET: secret,
      PAR_ACCESS: JSON.stringify(access),
      PAR_LOCAL_SIZE: `${seats[rank]!.localSize}`,
      PAR_TRANSPORT_MODULE: import.meta.resolve('@par/transport-tcp'),
    }),
    otherHost: (rank) => seats[rank]!.otherHost,
  });
  let next = size;
  const replacements = new Replacements({
    job,
    note,
    hasJoined: (rank) => Date.now() - startOf(job()?.ranks, rank) > JOINED_AFTER_MS,
    reserve: () => (next < SPARE_RANKS_OF_CLUSTER ? next++ : undefined),
    nodeArgs: (appnum) => segments[appnum]!.nodeArgs,
    start: (plan, like, events) =>
      fleet?.startLike(plan, like, events, reaper) ?? new RankProcess(plan, events, reaper),
  });
  return {
    plans,
    causeMs: 0,
    // Without its cluster a worker is of no use, nor are the others.
    isConsequence: isPeerLoss,
    start: (events) =>
      fleet?.start(plans, events, reaper) ?? plans.map((plan) => new RankProcess(plan, events, reaper)),
    replacing: (rank, end) => (end.kind === 'exit' ? undefined : replacements.forLost(rank, end)),
    started: async () => {
      await fleet?.started();
      for (const { rank } of plans) {
        job()?.policy.expendable(rank);
        replacements.register(rank, { program: segments[0]!.program.script[0]!, env: {} });
      }
    },
    rankEnded: () => Promise.resolve(),
    pending: () => Promise.reject(new Error('workers of other launchers’ clusters cannot be asked')),
    close: async () => {},
  };
}

function startOf(ranks: readonly Rank[] | undefined, rank: number): number {
  return ranks?.find(({ plan }) => plan.rank === rank)?.startedAt.getTime() ?? Date.now();
}
