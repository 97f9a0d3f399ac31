import { join } from 'node:path';
import { beforeAll, describe, it } from 'vitest';
import { runJob } from '../../../transport-mpi/test/run-job.ts';
import { CASES } from './cases.ts';
import { sizeOf } from './shapes.ts';

const program = join(import.meta.dirname, 'programs', 'run-rank.ts');
/** A job of all cases, in milliseconds. */
const LIMIT_MS = 240_000;

export interface JobOptions {
  readonly command: (
    size: number,
    program: readonly string[],
  ) => { readonly command: string; readonly args: readonly string[] };
  readonly env?: Readonly<Record<string, string>>;
}

/** A test for each case, from the outcomes of one job that runs them all. */
export function behavioursOfJob(name: string, { command, env = {} }: JobOptions): void {
  describe(name, () => {
    const outcomes = new Map<string, { readonly error?: string }>();
    let said = '';
    beforeAll(async () => {
      const size = Math.max(...CASES.map(({ shape = 'pair' }) => sizeOf(shape)));
      const { stdout, stderr } = await runJob(command(size, [program, ...CASES.map((one) => one.name)]), env, LIMIT_MS);
      said = `${stdout}\n${stderr}`;
      for (const line of stdout.split('\n')) {
        if (!line.startsWith('{"name"')) continue;
        const outcome = JSON.parse(line) as { readonly name: string; readonly error?: string };
        outcomes.set(outcome.name, outcome);
      }
    }, LIMIT_MS + 10_000);
    it.each(CASES.map((one) => [one.name]))('%s', (one) => {
      const outcome = outcomes.get(one);
      if (outcome === undefined) throw new Error(`the job ended without it:\n${said.slice(-4000)}`);
      if (outcome.error !== undefined) throw new Error(outcome.error);
    });
  });
}
