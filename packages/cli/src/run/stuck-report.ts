import type { Rank } from './rank-process.ts';
import type { Starter } from './starter.ts';
import type { Summary } from './summary.ts';

/** Time ranks have to say what they are doing. */
const ANSWER_MS = 2000;

/** `--stack-on-timeout`: what each living rank waits for, and where its program is. Takes 2 seconds at most. */
export async function reportStuck(ranks: readonly Rank[], starter: Pick<Starter, 'pending'>): Promise<Summary> {
  const signal = AbortSignal.timeout(ANSWER_MS);
  const states = await Promise.all(
    ranks
      .filter(({ alive }) => alive)
      .map(async (process) => {
        const { rank, host } = process.plan;
        const [pending, stack] = await Promise.all([
          starter.pending(rank, signal).catch((error: Error) => `unknown: ${error.message}`),
          process.stack(signal),
        ]);
        return { rank, host, pid: process.pid, pending, stack };
      }),
  );
  const several = new Set(states.map(({ host }) => host)).size > 1;
  const lines = states.flatMap(({ rank, host, pid, pending, stack }) => [
    `rank ${rank} (${several ? `host ${host}, ` : ''}pid ${pid})`,
    ...indent('pending', pending.length === 0 ? 'nothing' : pending),
    ...indent('stack', stack),
  ]);
  return { text: lines.map((line) => `par: ${line}`).join('\n'), record: { event: 'stuck', ranks: states } };
}

function indent(title: string, value: string | readonly string[]): string[] {
  return typeof value === 'string' ? [`  ${title}: ${value}`] : value.map((line) => `  ${title}: ${line}`);
}
