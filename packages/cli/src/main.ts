import { readFileSync } from 'node:fs';
import { nearest } from './command-line/nearest.ts';
import { parseRun } from './command-line/parse-run.ts';
import { HELP, runHelp } from './help.ts';
import { UsageError } from './usage-error.ts';

const COMMANDS = ['run', 'cluster', 'submit', 'env', 'doctor', 'mpi', 'help', 'version'];

/**
 * Runs one `par` command line (without `node` and `par`) in this process and returns the exit status. Takes over the
 * process: its signals, its standard streams. Never throws for what a person typed: that is one line on stderr.
 */
export async function main(argv: readonly string[]): Promise<number> {
  const [command, ...rest] = argv;
  try {
    return await dispatch(command, rest);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const name =
      command === 'run' || command === 'cluster' || command === 'submit'
        ? ` ${command}`
        : command === 'mpi' && rest[0] === 'build'
          ? ' mpi build'
          : '';
    process.stderr.write(`par${name}: ${error.message}\n`);
    return error.status;
  }
}

async function dispatch(command: string | undefined, rest: readonly string[]): Promise<number> {
  switch (command) {
    case 'run': {
      const options = parseRun(rest);
      if (options === 'help') return print(runHelp());
      const { run } = await import('./run/run.ts');
      return run(options);
    }
    case 'cluster': {
      const { cluster } = await import('./cluster/cluster.ts');
      const outcome = await cluster(rest, process.env);
      return typeof outcome === 'string' ? print(outcome) : outcome;
    }
    case 'env': {
      if (rest.length > 0) throw new UsageError('par env takes no arguments');
      const { explainEnvironment } = await import('./env/explain.ts');
      return print(explainEnvironment(process.env));
    }
    case 'submit': {
      const { submit } = await import('./submit/submit.ts');
      return print(submit(rest, process.env));
    }
    case 'doctor':
      return doctor(rest);
    case 'mpi': {
      if (rest[0] !== 'build') throw new UsageError('par mpi has one command: par mpi build [--mpicxx PATH] [--force]');
      const { buildAddons } = await import('./mpi/build-command.ts');
      return print(await buildAddons(rest.slice(1), process.env));
    }
    case 'version':
    case '--version':
    case '-v':
    case '-V':
      return print(`${version()}\n`);
    case 'help':
    case '--help':
    case '-h':
      if (rest[0] === 'submit') return print((await import('./submit/request.ts')).SUBMIT_USAGE);
      if (rest[0] === 'cluster') return print((await import('./cluster/options.ts')).CLUSTER_USAGE);
      return print(rest[0] === 'run' ? runHelp() : HELP);
    case undefined:
      throw new UsageError('no command given: par run -np 4 script.ts (see par help)');
    default: {
      const meant = nearest(command, COMMANDS);
      throw new UsageError(`unknown command ${command}${meant ? `; did you mean par ${meant}?` : ' (see par help)'}`);
    }
  }
}

async function doctor(args: readonly string[]): Promise<number> {
  const { runDoctor } = await import('./doctor/command.ts');
  const { text, status } = await runDoctor(args, version(), process.env);
  return (await print(text)) || status;
}

/** Settles when the text has left the process. */
function print(text: string): Promise<number> {
  return new Promise((resolve, reject) => {
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') resolve(141);
      else reject(error);
    });
    process.stdout.write(text, () => resolve(0));
  });
}

function version(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return version;
}
