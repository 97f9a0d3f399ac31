import { randomBytes } from 'node:crypto';
import { openControl } from './control.ts';
import { rankEnvironment } from './environment.ts';
import { isPeerLoss } from './exit-policy.ts';
import { planRanks, rendezvousPath } from './plan.ts';
import { RankProcess } from './rank-process.ts';
import type { Setting, Starter, StarterEvents } from './starter.ts';

/** How long the cause of a rank's loss of another is waited for. */
const CAUSE_MS = 500;

export function tcpTransportModule(): string {
  return import.meta.resolve('@par/transport-tcp');
}

/** Ranks as children of par, which find each other through its rendezvous. */
export async function tcpStarter(setting: Setting, { job, note }: StarterEvents): Promise<Starter> {
  const { options, segments, size, id, directory, reaper } = setting;
  const secret = randomBytes(32).toString('hex');
  const control = await openControl({
    path: rendezvousPath(directory),
    size,
    jobId: id,
    secret,
    secure: options.secure,
    onAbort: (rank, status, reason) => job()?.abort(rank, status, reason),
    onNotice: note,
  });
  const identity = {
    id,
    secret,
    rendezvous: control.address,
    transportModule: tcpTransportModule(),
    size,
    secure: options.secure,
  };
  const plans = planRanks(segments, options, (rank, appnum) => rankEnvironment(identity, rank, appnum));
  return {
    plans,
    causeMs: CAUSE_MS,
    isConsequence: isPeerLoss,
    start: (events) => plans.map((plan) => new RankProcess(plan, events, reaper)),
    rankEnded: (rank, how) => control.rankEnded(rank, how),
    pending: (rank, signal) => control.pending(rank, signal),
    close: async () => control.close(),
  };
}
