import { fixture, Launch, processesWith } from './launch.ts';

const VICTIMS = ['launcher', 'rank', 'all at once'] as const;

/**
 * Starts a job of `size` ranks with children of their own, kills the launcher, a rank or everything but the reaper with SIGKILL after
 * a random part of `withinMs` (so also in the middle of starting), and throws if anything of it is left.
 */
export async function killOne(random: () => number, size: number, withinMs: number): Promise<string> {
  const how = ['spin', 'wait', 'exit'][Math.floor(random() * 3)]!;
  const launch = new Launch(['run', '-np', String(size), '--grace', '200ms', fixture('family.mjs'), how, '0']);
  const victim = VICTIMS[Math.floor(random() * VICTIMS.length)]!;
  const delay = random() * withinMs;
  await new Promise((resolve) => setTimeout(resolve, delay));
  if (victim === 'launcher') launch.child.kill('SIGKILL');
  else {
    const processes = processesWith([launch.token]).filter((line) => victim !== 'rank' || !line.includes('bin.js'));
    const chosen = victim === 'rank' ? processes.slice(Math.floor(random() * processes.length)).slice(0, 1) : processes;
    for (const line of chosen) {
      try {
        process.kill(Number(line.split(' ')[0]), 'SIGKILL');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    }
    // Without a victim, or with only a child as one, the job would go on.
    if (victim === 'rank') launch.child.kill('SIGTERM');
  }
  await launch.finished;
  await launch.gone();
  return `${victim}, ranks that ${how}, after ${delay.toFixed(0)} ms`;
}
