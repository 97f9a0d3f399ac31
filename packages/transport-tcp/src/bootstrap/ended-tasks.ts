import { readdirSync, readFileSync } from 'node:fs';
import type { Reached } from '../join.ts';
import { stat } from './proc.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** How often tasks are looked for while ranks meet, in milliseconds. */
const LOOK_MS = 500;

/**
 * Ranks of this node that have ended: Slurm's step daemon, the parent of them all, leaves other tasks running when one fails, and tells
 * nobody. Empty also where it cannot be told: outside of a Slurm step, or where /proc hides the daemon.
 */
export function endedTasks(env: Environment): number[] {
  const all = env.SLURM_GTIDS?.split(',').map(Number) ?? [];
  try {
    const daemon = stepDaemon();
    if (all.length < 2 || daemon === undefined) return [];
    const living = childrenOf(daemon).flatMap(rankOf);
    return all.filter((rank) => !living.includes(rank));
  } catch {
    return []; // something ended while it was looked at, or belongs to root
  }
}

/**
 * Ends the job when a task of this node ends while ranks meet. Returns what stops the watch. Seen twice, because a rank that has met the
 * others may end before word of that is read here.
 */
export function watchTasks(env: Environment, { control }: Reached): () => void {
  let before: number | undefined;
  const timer = setInterval(() => {
    const [rank] = endedTasks(env);
    const again = rank === before;
    before = rank;
    if (rank === undefined || !again) return;
    clearInterval(timer);
    control.abort(1, lostReason(rank, env));
  }, LOOK_MS).unref();
  return () => clearInterval(timer);
}

export function lostReason(rank: number, env: Environment): string {
  return `rank ${rank} on ${env.SLURMD_NODENAME} ended before all ranks had called init`;
}

/** The nearest ancestor that is Slurm's. */
function stepDaemon(): number | undefined {
  let ancestor = stat(process.ppid);
  while (ancestor !== undefined && ancestor.name !== 'slurmstepd') ancestor = stat(ancestor.parent);
  return ancestor?.pid;
}

function childrenOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1').split(' ').filter(Boolean),
  );
}

/** Nothing of a process that has ended and waits to be buried. Throws for one whose environment says nothing of a rank. */
function rankOf(pid: string): number[] {
  if (stat(Number(pid))?.dead) return [];
  const variable = readFileSync(`/proc/${pid}/environ`, 'latin1')
    .split('\0')
    .find((text) => text.startsWith('SLURM_PROCID='));
  if (variable === undefined) throw new Error('it has not become a task yet');
  return [Number(variable.slice('SLURM_PROCID='.length))];
}
