import { quote } from '../command-line/quote.ts';
import type { LauncherCommand } from '../mpi/command.ts';
import type { RankPlan } from './rank-process.ts';

/** What `--dry-run` prints: per rank the variables par adds (the secret left out) and the command, ready for a shell. */
export function describePlans(plans: readonly RankPlan[]): string {
  return plans
    .map(
      ({ rank, appnum, host, cwd, env, file, args }) =>
        `rank ${rank} (program ${appnum}) on ${host} in ${cwd}:\n  ${describeCommand({ file, args, env })}`,
    )
    .join('');
}

/** A command with the variables par adds, ready for a shell: a line. */
export function describeCommand({ file, args, env }: LauncherCommand): string {
  const variables = Object.entries(env)
    .filter(([name, value]) => process.env[name] !== value)
    .map(([name, value]) => `${name}=${name === 'PAR_SECRET' ? '…' : quote(value)}`);
  return `${[...variables, quote(file), ...args.map(quote)].join(' ')}\n`;
}
