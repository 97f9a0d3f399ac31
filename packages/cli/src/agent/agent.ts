import { accessSync, chmodSync, constants, statSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { hostname } from 'node:os';
import { availableCores } from '@par/comm-core';
import { addressTowards } from '../hosts/route.ts';
import { withoutLaunchers } from '../run/environment.ts';
import { jobDirectory, makeJobDirectory, removeJobDirectory } from '../run/job-directory.ts';
import { rendezvousPath } from '../run/plan.ts';
import { resolveProgram } from '../run/program.ts';
import { type RankEvents, RankProcess } from '../run/rank-process.ts';
import { Reaper } from '../run/reaper.ts';
import { UsageError } from '../usage-error.ts';
import { FrameParser, MARK, writeFrame } from './frames.ts';
import { Heartbeat } from './heartbeat.ts';
import type { FromAgent, Preparation, ProgramCheck, Question, RemotePlan, ToAgent } from './messages.ts';
import { Relay } from './relay.ts';

/** How long a launcher may take from the connection to its first word. */
const PATIENCE_MS = 60_000;

/**
 * The ranks of one host, for a launcher on another: told what to do over standard input, tells what happens over standard output.
 * When either ends, for whatever reason, or nothing is heard any more, all its ranks are killed.
 */
export class Agent {
  readonly #input = process.stdin;
  readonly #output = process.stdout;
  readonly #relay = new Relay(this.#output, undefined);
  readonly #ranks = new Map<number, RankProcess>();
  /** Ranks the launcher does not want to hear at present. */
  readonly #paused = new Set<number>();
  #congested = false;
  #preparation: Preparation | undefined;
  #directory: string | undefined;
  #reaper: Reaper | undefined;
  #server: Server | undefined;
  #heartbeat: Heartbeat;
  #over = false;

  constructor(version: string) {
    this.#heartbeat = new Heartbeat(
      PATIENCE_MS,
      () => {},
      () => this.#end(1),
    );
    const parser = new FrameParser((kind, number, bytes) => {
      if (kind === 'message') this.#receive(JSON.parse(bytes.toString()) as ToAgent);
      else if (kind === 'stdin') this.#feed(number, bytes);
      else if (kind === 'relay') this.#relay.receive(number, bytes);
    });
    this.#input.on('data', (chunk: Buffer) => {
      this.#heartbeat.heard();
      parser.push(chunk);
    });
    for (const event of ['end', 'close', 'error']) this.#input.on(event, () => this.#end(1));
    this.#output.on('error', () => this.#end(1));
    this.#output.on('drain', () => this.#congest(false));
    for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) process.on(signal, () => this.#end(1));
    this.#output.write(MARK);
    this.#send({
      type: 'hello',
      facts: {
        version,
        node: process.versions.node,
        hostname: hostname(),
        cores: availableCores(),
        pid: process.pid,
        // sshd(8): client's address and port, server's address and port.
        reached: process.env.SSH_CONNECTION?.split(' ')[2],
      },
    });
  }

  #receive(message: ToAgent): void {
    switch (message.type) {
      case 'prepare':
        this.#prepare(message.preparation).catch((error: Error) => {
          const { status } = error instanceof UsageError ? error : { status: 125 };
          this.#send({ type: 'refused', status, message: error.message });
        });
        break;
      case 'start':
        for (const plan of message.plans) this.#start(plan);
        break;
      case 'signal':
        this.#ranks.get(message.rank)?.signal(message.signal);
        break;
      case 'pause':
        if (message.paused) this.#paused.add(message.rank);
        else this.#paused.delete(message.rank);
        this.#ranks.get(message.rank)?.pause(message.paused || this.#congested);
        break;
      case 'ask':
        void this.#answer(message.question).then(
          (value) => this.#send({ type: 'answer', id: message.id, value }),
          (error: Error) => this.#send({ type: 'failed', id: message.id, message: error.message }),
        );
        break;
      case 'suspended':
        this.#heartbeat.excused = message.suspended;
        break;
      case 'close':
        this.#end(0);
        break;
      case 'alive':
        break;
    }
  }

  async #answer(question: Question): Promise<unknown> {
    if (question.name === 'time') return Date.now();
    if (question.name === 'stack') return this.#ranks.get(question.rank)?.stack(AbortSignal.timeout(question.ms));
    const { survey, unreachable } = await import('./survey.ts');
    if (question.name === 'reach') return unreachable(question.endpoints);
    // Its listener lasts as long as this agent.
    return (await survey(question.request)).survey;
  }

  async #prepare(preparation: Preparation): Promise<void> {
    const { job, host, programs, peers, heartbeatMs } = preparation;
    this.#preparation = preparation;
    this.#heartbeat.stop();
    this.#heartbeat = new Heartbeat(
      heartbeatMs,
      () => this.#send({ type: 'alive' }),
      () => this.#end(1),
    );
    for (const program of programs) checkProgram(program);
    const directory = jobDirectory(job, host);
    this.#directory = directory;
    this.#reaper = new Reaper(agentMark(job, host), directory);
    makeJobDirectory(directory);
    const rendezvous = rendezvousPath(directory);
    const server = createServer({ allowHalfOpen: true }, (socket) => this.#relay.open(socket));
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ path: rendezvous, backlog: 1024 }, resolve);
    });
    chmodSync(rendezvous, 0o600);
    const address = await addressTowards(peers);
    this.#send({ type: 'prepared', prepared: { rendezvous: `unix:${rendezvous}`, address } });
  }

  #start(plan: RemotePlan): void {
    const { job, host, graceMs } = this.#preparation!;
    const env = { ...withoutLaunchers(process.env), ...plan.env, ...markOf(job, host) };
    const { rank } = plan;
    const events: RankEvents = {
      output: (_, stream, chunk) => {
        if (!writeFrame(this.#output, stream, rank, chunk)) this.#congest(true);
      },
      outputEnded: (_, stream) => this.#send({ type: 'output-ended', rank, stream }),
      ended: (_, end) => {
        this.#send({ type: 'ended', rank, end });
        child.endGroup(graceMs);
      },
      closed: () => this.#send({ type: 'closed', rank }),
    };
    const child = new RankProcess({ ...plan, env }, events, this.#reaper!);
    this.#ranks.set(rank, child);
    child.stdin?.on('error', () => {});
    if (this.#congested) child.pause(true);
    this.#send({ type: 'started', rank, pid: child.pid });
  }

  /** An empty chunk is the end of the input. */
  #feed(rank: number, bytes: Buffer): void {
    const input = this.#ranks.get(rank)?.stdin;
    if (bytes.length === 0) {
      input?.end();
      return;
    }
    const taken = (): void => this.#send({ type: 'stdin-taken', rank });
    // A rank that reads no more must not hold up the launcher.
    if (input === undefined || input.destroyed || !input.writable) taken();
    else input.write(bytes, taken);
  }

  /** While the launcher is slow to read, ranks wait. */
  #congest(congested: boolean): void {
    if (congested === this.#congested) return;
    this.#congested = congested;
    for (const [rank, child] of this.#ranks) child.pause(congested || this.#paused.has(rank));
  }

  #send(message: FromAgent): void {
    if (this.#over) return;
    writeFrame(this.#output, 'message', 0, Buffer.from(JSON.stringify(message)));
  }

  #end(status: number): void {
    if (this.#over) return;
    this.#over = true;
    this.#heartbeat.stop();
    this.#server?.close();
    this.#relay.close();
    for (const rank of this.#ranks.values()) rank.signal('SIGKILL');
    if (this.#directory !== undefined) removeJobDirectory(this.#directory);
    // It kills what is left, once more after this process is gone.
    this.#reaper?.close();
    process.exit(status);
  }
}

/** What every rank of this agent has in its environment, and nobody else's. */
function markOf(job: string, host: number): { PAR_AGENT: string } {
  // The number first: that of one host must not be the beginning of another's.
  return { PAR_AGENT: `${host}.${job}` };
}

function agentMark(job: string, host: number): string {
  return `PAR_AGENT=${markOf(job, host).PAR_AGENT}`;
}

/** Throws UsageError. */
function checkProgram({ program, cwd }: ProgramCheck): void {
  if (!statSync(cwd, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UsageError(
      `there is no directory ${cwd}; put the program on a file system the hosts share, or name another with --wdir`,
    );
  }
  try {
    accessSync(cwd, constants.X_OK);
  } catch {
    throw new UsageError(`${cwd}: permission denied`, 126);
  }
  resolveProgram(program, cwd, process.env.PATH);
}
