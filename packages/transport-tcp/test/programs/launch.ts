// node launch.ts <size> <program> [arguments]: the least launcher a job over sockets needs. Kills nobody.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRendezvous } from '../../src/rendezvous/index.ts';

const [size, ...program] = process.argv.slice(2) as [string, ...string[]];
const directory = mkdtempSync(join(tmpdir(), 'par-'));
const secret = randomBytes(32);
const job = directory;
const rendezvous = await startRendezvous({ listen: `unix:${directory}/rendezvous`, size: Number(size), job, secret });
const ranks = Array.from({ length: Number(size) }, async (_, rank) => {
  const env = {
    ...process.env,
    PAR_RANK: `${rank}`,
    PAR_SIZE: size,
    PAR_JOB: job,
    PAR_RENDEZVOUS: rendezvous.address,
    PAR_SECRET: secret.toString('hex'),
    PAR_TRANSPORT: 'tcp',
    PAR_TRANSPORT_MODULE: import.meta.resolve('../../src/index.ts'),
  };
  const child = spawn(process.execPath, program, { stdio: 'inherit', env });
  const [status, signal] = (await once(child, 'exit')) as [number | null, string | null];
  if (rendezvous.announcement(rank) === undefined)
    rendezvous.lost(rank, `it ended with ${signal ?? status} before init`);
  return status ?? 1;
});
const statuses = await Promise.all(ranks);
await rendezvous.close();
rmSync(directory, { recursive: true, force: true });
process.exitCode = Math.max(...statuses);
