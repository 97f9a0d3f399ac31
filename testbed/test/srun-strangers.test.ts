import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { HELLO_BYTES, PROOF_BYTES } from '../../packages/transport-tcp/src/wire/handshake.ts';
import { inHost } from '../src/host.ts';
import { Recording } from '../src/recording.ts';
import { Running } from '../src/running.ts';
import { describeSlurm, slurm } from './cluster.ts';

const program = (name: string): string => join(import.meta.dirname, 'programs', name);
/** More than a process may have open files, and thirty times what a listener bears with at a time. */
const CROWD = 2000;

describeSlurm('a job that is still meeting', () => {
  it('takes no recorded handshake, and its last rank joins through thousands of silent connections', async () => {
    const directory = join(slurm.home, 'strangers');
    mkdirSync(directory, { mode: 0o700 });
    const [n2, n3] = [slurm.node('n2'), slurm.node('n3')];
    await using cable = await Recording.start(slurm.record.login, n2);
    // Rank 0 holds the rendezvous on n1, rank 1 joins from n2, rank 2 comes to n1 when it may.
    const late = 'until [ "$SLURM_PROCID" != 2 ] || [ -e "$0/go" ]; do sleep 0.05; done; exec "$@"';
    const job = slurm.start(
      [
        'srun',
        '-w',
        'n1,n2',
        '-n3',
        '--distribution=cyclic',
        'sh',
        '-c',
        late,
        directory,
        process.execPath,
        program('place.ts'),
      ],
      { env: { PAR_BOOTSTRAP_DIR: directory } },
    );
    const rendezvous = await invited(directory);
    const genuine = await cable.stream(n2.address, rendezvous, HELLO_BYTES + PROOF_BYTES + 1);
    const recorded = JSON.stringify(genuine.pieces.map((piece) => piece.toString('base64')));
    const replayed = atHost(n3, 'replay.ts', recorded, rendezvous);
    // A challenge, which differs from the recorded one, and no verdict.
    expect(JSON.parse((await replayed.finished).stdout)).toEqual([[72, 72]]);

    const crowd = atHost(n3, 'crowd.ts', rendezvous, `${CROWD}`);
    await crowd.said(/connections/);
    writeFileSync(join(directory, 'go'), '');
    const { status, stdout, stderr } = await job.finished;
    expect(stdout, stderr).toContain('"size":3');
    expect(stderr).toMatch(/refused a connection from 10\.77\.0\.4: it does not know the job's secret, or replays/);
    expect(stderr).toMatch(/refused a connection from 10\.77\.0\.4: more than 64 connections that prove nothing/);
    expect(stderr.match(/refused/g)!.length).toBeLessThan(4);
    expect(status).toBe(0);
    // Where the queue of a listener was full when it closed, a connection that looks open to its client is told nothing.
    crowd.child.kill();
    await crowd.finished;
  });
});

function atHost(host: typeof slurm.record.login, name: string, ...args: string[]): Running {
  // The child of nsenter, which a signal to nsenter alone would leave.
  const command = inHost(host, ['setpriv', '--pdeathsig', 'KILL', process.execPath, program(name), ...args]);
  return new Running(command, {});
}

/** Address of the rendezvous, once rank 0 has published it. */
async function invited(directory: string): Promise<string> {
  for (;;) {
    const file = readdirSync(directory).find((name) => name.endsWith('.invitation'));
    if (file !== undefined) {
      const { address } = JSON.parse(readFileSync(join(directory, file), 'utf8')) as { address: string };
      return address.replace('tcp:', '');
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
