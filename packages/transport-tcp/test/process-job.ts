import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Rendezvous, type RendezvousOptions, startRendezvous } from '../src/rendezvous/index.ts';

const PROGRAMS = join(import.meta.dirname, 'programs');

interface Report {
  readonly event: string;
  readonly data: unknown;
}

/** A forked rank: what it reported, and a way to wait for the next report of a kind. */
export class RankProcess {
  readonly process: ChildProcess;
  readonly reports: Report[] = [];
  readonly ended: Promise<unknown>;

  constructor(env: NodeJS.ProcessEnv, program = 'rank.ts') {
    this.process = fork(join(PROGRAMS, program), [], { env: { ...process.env, ...env } });
    this.process.on('message', (report: Report) => this.reports.push(report));
    this.ended = once(this.process, 'exit');
  }

  order(order: string, count?: number): void {
    this.process.send({ order, count });
  }

  /** The first report of this kind that was not taken yet; rejects when the process ends without it. */
  async next<T>(event: string): Promise<T> {
    for (;;) {
      const index = this.reports.findIndex((report) => report.event === event);
      if (index >= 0) return this.reports.splice(index, 1)[0]!.data as T;
      if (this.process.exitCode !== null || this.process.signalCode !== null) {
        throw new Error(
          `the rank ended (${this.process.exitCode ?? this.process.signalCode}) before it reported ${event}`,
        );
      }
      const stop = new AbortController();
      await Promise.race([
        once(this.process, 'message', { signal: stop.signal }),
        once(this.process, 'exit', { signal: stop.signal }),
      ]);
      stop.abort();
    }
  }
}

export interface ProcessJob extends AsyncDisposable {
  readonly rendezvous: Rendezvous;
  readonly ranks: readonly RankProcess[];
  readonly secret: string;
  /** Sockets left in the job's directory. */
  sockets(): string[];
}

/** A job of forked processes that have connected to each other. */
export async function startProcessJob(
  size: number,
  env: NodeJS.ProcessEnv = {},
  server: Partial<RendezvousOptions> = {},
): Promise<ProcessJob> {
  const directory = mkdtempSync(join(tmpdir(), 'par-test-'));
  const secret = randomBytes(32);
  const rendezvous = await startRendezvous({
    listen: `unix:${join(directory, 'r.sock')}`,
    size,
    job: 'processes',
    secret,
    ...server,
  });
  const ranks = Array.from(
    { length: size },
    (_, rank) =>
      new RankProcess({
        PAR_RANK: `${rank}`,
        PAR_SIZE: `${size}`,
        PAR_JOB: 'processes',
        PAR_RENDEZVOUS: rendezvous.address,
        PAR_SECRET: secret.toString('hex'),
        ...env,
      }),
  );
  await Promise.all(ranks.map((rank) => rank.next('connected')));
  return {
    rendezvous,
    ranks,
    secret: secret.toString('hex'),
    sockets: () => readdirSync(directory).filter((name) => name !== 'r.sock'),
    async [Symbol.asyncDispose]() {
      for (const rank of ranks) rank.process.kill('SIGKILL');
      await Promise.all(ranks.map(({ ended }) => ended));
      await rendezvous.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
