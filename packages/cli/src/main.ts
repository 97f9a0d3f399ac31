import { nearest } from './command-line/nearest.ts';
import { parseRun } from './command-line/parse-run.ts';
import { UsageError } from './usage-error.ts';

const COMMANDS = ['run', 'env', 'help', 'version'];

/** Runs one `par` command line (without `node` and `par`) in this process and returns its exit status. */
export async function main(argv: readonly string[]): Promise<number> {
  const [command, ...rest] = argv;
  try {
    return await dispatch(command, rest);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`par${command === 'run' ? ' run' : ''}: ${error.message}\n`);
    return error.status;
  }
}

async function dispatch(command: string | undefined, rest: readonly string[]): Promise<number> {
  switch (command) {
    case 'run': {
      const options = parseRun(rest);
      if (options === 'help') return 0;
      const { run } = await import('./run/run.ts');
      return run(options);
    }
    default: {
      const meant = command === undefined ? undefined : nearest(command, COMMANDS);
      throw new UsageError(`unknown command ${command}${meant ? `; did you mean par ${meant}?` : ' (see par help)'}`);
    }
  }
}
