import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { detect } from '@par/comm-core';
import { type Access, readAccess } from '@par/transport-tcp/rendezvous';
import { run } from '../run/run.ts';
import { UsageError } from '../usage-error.ts';
import { CLUSTER_USAGE, type Founding, parseCluster } from './options.ts';
import { SchedulerFile } from './scheduler-file.ts';

/** How long a scheduler file may take to appear, and the pause between two looks, in milliseconds. */
const APPEAR_MS = 30_000;
const LOOK_MS = 50;

/** `par cluster`: returns its exit status, or the text that was asked for. Throws UsageError. */
export async function cluster(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number | string> {
  const program = seatProgram();
  const request = parseCluster(argv, program, env);
  if (request === 'help') return CLUSTER_USAGE;
  refuseForeignLauncher(env);
  const { schedulerFile, part, role } = request;
  const settings = JSON.stringify({ scheduler: 0, exclusive: part.kind === 'joins' || !part.inclusive, role });
  const segments = request.run.segments.map((segment) => ({
    ...segment,
    environment: [...segment.environment, { kind: 'set', name: 'PAR_CLUSTER', value: settings } as const],
  }));
  const options = { ...request.run, segments };
  if (options.dryRun) return run(options);
  if (part.kind === 'joins') return run(options, { kind: 'joins', access: await accessOf(schedulerFile) });
  const file = new SchedulerFile(schedulerFile);
  return run(options, {
    ...part,
    onAccess: (access) => {
      const withdraw = file.publish(access);
      process.stderr.write(`par: ${describe(access, part)}; join with PAR_SCHEDULER_FILE=${schedulerFile}\n`);
      return withdraw;
    },
  });
}

function describe({ worldSize, doors }: Access, { inclusive, door }: Founding): string {
  const workers = inclusive ? worldSize : worldSize - 1;
  const where = door === undefined ? '' : `, also for other hosts at ${doors.at(-1)!.address.replace('tcp:', '')}`;
  return `a scheduler and ${workers} ${workers === 1 ? 'worker' : 'workers'} are ready${where}`;
}

/** Waits for the file to appear. Throws UsageError. */
async function accessOf(path: string): Promise<Access> {
  const deadline = performance.now() + APPEAR_MS;
  for (;;) {
    let access: Access | undefined;
    try {
      access = readAccess(path);
    } catch (error) {
      throw new UsageError(`--join: ${(error as Error).message}`);
    }
    if (access !== undefined) return access;
    if (performance.now() > deadline) {
      throw new UsageError(
        `--join: there is no ${path} after ${APPEAR_MS / 1000} s; start a cluster with: par cluster -np 4 --scheduler-file ${path}`,
      );
    }
    await pause(LOOK_MS);
  }
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
