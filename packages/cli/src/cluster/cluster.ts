import { createRequire } from 'node:module';
import { join } from 'node:path';
import { detect } from '@par/comm-core';
import { run } from '../run/run.ts';
import { UsageError } from '../usage-error.ts';
import { CLUSTER_USAGE, parseCluster } from './options.ts';
import { SchedulerFile } from './scheduler-file.ts';

/** `par cluster`: returns its exit status, or the text that was asked for. Throws UsageError. */
export async function cluster(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number | string> {
  const program = seatProgram();
  const request = parseCluster(argv, program, env);
  if (request === 'help') return CLUSTER_USAGE;
  refuseForeignLauncher(env);
  const { schedulerFile, inclusive, role } = request;
  const settings = JSON.stringify({ scheduler: 0, exclusive: !inclusive, role });
  const segments = request.run.segments.map((segment) => ({
    ...segment,
    environment: [...segment.environment, { kind: 'set', name: 'PAR_CLUSTER', value: settings } as const],
  }));
  const options = { ...request.run, segments };
  if (options.dryRun) return run(options);
  const file = new SchedulerFile(schedulerFile);
  return run(options, (access) => {
    const withdraw = file.publish(access);
    process.stderr.write(
      `par: ${describe(access.worldSize, inclusive)}; join with PAR_SCHEDULER_FILE=${schedulerFile}\n`,
    );
    return withdraw;
  });
}

function describe(ranks: number, inclusive: boolean): string {
  const workers = inclusive ? ranks : ranks - 1;
  return `a scheduler and ${workers} ${workers === 1 ? 'worker' : 'workers'} are ready`;
}

/** What every rank runs: of the @par/futures of the project here, or the one beside this command. Throws UsageError. */
function seatProgram(): string {
  for (const place of [join(process.cwd(), 'par'), import.meta.url]) {
    try {
      return createRequire(place).resolve('@par/futures/seat');
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'MODULE_NOT_FOUND' && code !== 'ERR_MODULE_NOT_FOUND') throw error;
    }
  }
  throw new UsageError('@par/futures is not installed here; run: npm install @par/futures');
}

/** Every rank of srun or mpirun would start a cluster of its own. */
function refuseForeignLauncher(env: NodeJS.ProcessEnv): void {
  const { row, size, rank } = detect(env);
  if (row === 'single' || size === 1) return;
  throw new UsageError(
    `this is rank ${rank} of ${size ?? 'several'} that ${row} has started; par cluster starts its ranks itself, on the hosts of the allocation: run it once, without ${row === 'slurm' ? 'srun' : 'that launcher'}`,
  );
}
