import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runJob } from '../../../transport-mpi/test/run-job.ts';
import { LAUNCHERS } from './launchers.ts';

const program = join(import.meta.dirname, 'programs', 'rejoins.ts');

it.concurrent.each(LAUNCHERS)(
  'a worker that was silent for too long joins again, without what it had, over $name',
  async ({ command, env }) => {
    const job = await runJob(command(4, [program]), env);
    expect({ status: job.status, stderr: job.stderr, stdout: job.stdout }).toMatchObject({ status: 0 });
    expect(JSON.parse(job.stdout.split('\n').find((line) => line.startsWith('{'))!)).toEqual({
      lost: {
        computed: true,
        running: true,
        scattered: 'data-lost',
        actor: 'PAR_ACTOR_LOST',
        call: 'PAR_NOT_FOUND',
      },
      back: { strict: true, pid: true, data: true, moved: 1000, actor: 1, together: 2 },
      left: [],
    });
  },
);
