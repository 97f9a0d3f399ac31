import type { RankPlan } from './rank-process.ts';

/** What `--dry-run` prints: per rank the variables par adds (the secret left out) and the command, ready for a shell. */
export function describePlans(plans: readonly RankPlan[], host: string): string {
  return plans
    .map(({ rank, appnum, cwd, env, file, args }) => {
      const variables = Object.entries(env)
        .filter(([name, value]) => process.env[name] !== value)
        .map(([name, value]) => `${name}=${name === 'PAR_SECRET' ? '…' : quote(value)}`);
      return `rank ${rank} (program ${appnum}) on ${host} in ${cwd}:\n  ${[...variables, quote(file), ...args.map(quote)].join(' ')}\n`;
    })
    .join('');
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
