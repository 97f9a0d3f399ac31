import { type ChildProcess, spawn } from 'node:child_process';
import type { HostRequest } from '../hosts/host-list.ts';
import { signalGroup } from '../run/end-group.ts';
import type { RankEvents, RankPlan } from '../run/rank-process.ts';
import type { Reaper } from '../run/reaper.ts';
import { Tail } from '../run/stderr-tail.ts';
import { UsageError } from '../usage-error.ts';
import { afterMark, FrameParser, writeFrame } from './frames.ts';
import { Heartbeat } from './heartbeat.ts';
import type { FromAgent, HostFacts, Preparation, Prepared, Question, ToAgent } from './messages.ts';
import { Relay } from './relay.ts';
import { RemoteRank } from './remote-rank.ts';

/** How long a host may take from the first packet to the agent's first word. */
const CONNECT_MS = 60_000;
/** How long a connection may take to close by itself. */
const CLOSE_MS = 5_000;
/** Time an agent has to read the stack of a rank: less than its launcher waits. */
const STACK_MS = 1_500;

export interface ConnectOptions {
  readonly host: HostRequest;
  readonly command: readonly [string, ...string[]];
  readonly heartbeatMs: number;
  readonly reaper: Reaper;
}

/** The launcher's end of the one connection to an agent. */
export class AgentConnection {
  readonly host: HostRequest;
  /** The agent has spoken. Rejects with UsageError. */
  readonly hello: Promise<HostFacts>;
  readonly #command: readonly [string, ...string[]];
  readonly #child: ChildProcess;
  readonly #reaper: Reaper;
  readonly #words = new Tail();
  readonly #closed = Promise.withResolvers<void>();
  readonly #hello = Promise.withResolvers<HostFacts>();
  readonly #prepared = Promise.withResolvers<Prepared>();
  readonly #started = Promise.withResolvers<void>();
  readonly #ranks = new Map<number, RemoteRank>();
  readonly #asked = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  readonly #heartbeatMs: number;
  #heartbeat: Heartbeat | undefined;
  #relay: Relay | undefined;
  #facts: HostFacts | undefined;
  #unstarted = 0;
  #nextQuestion = 0;
  #closing = false;
  #lost: string | undefined;

  constructor({ host, command, heartbeatMs, reaper }: ConnectOptions) {
    this.host = host;
    this.#command = command;
    this.#heartbeatMs = heartbeatMs;
    this.#reaper = reaper;
    this.hello = this.#hello.promise;
    for (const { promise } of [this.#hello, this.#prepared, this.#started]) promise.catch(() => {});
    const [file, ...args] = command;
    // In a session of its own: what is typed on the terminal is for us, and nothing may ask there.
    this.#child = spawn(file, args, { detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
    const { pid, stdin, stdout, stderr } = this.#child;
    if (pid !== undefined) reaper.add(pid);
    stdin?.on('error', () => {});
    const parser = new FrameParser((kind, number, bytes) => {
      if (kind === 'message') this.#receive(JSON.parse(bytes.toString()) as FromAgent);
      else if (kind === 'relay') this.#relay?.receive(number, bytes);
      else if (kind !== 'stdin') this.#ranks.get(number)?.events.output(number, kind, bytes);
    });
    const parse = (chunk: Buffer): void => {
      this.#heartbeat?.heard();
      try {
        parser.push(chunk);
      } catch (error) {
        this.#drop(`its agent sent ${(error as Error).message}`);
      }
    };
    afterMark(stdout!, (rest) => {
      stdout!.on('data', parse);
      if (rest.length > 0) parse(rest);
    });
    stderr?.on('data', (chunk: Uint8Array) => this.#words.push(chunk));
    const silent = `did not answer within ${CONNECT_MS / 1000} s (start-up files of its shell run first; see par doctor -H ${host.name})`;
    const late = setTimeout(() => this.#drop(silent), CONNECT_MS);
    this.hello.finally(() => clearTimeout(late)).catch(() => {});
    this.#child.on('error', (error) => this.#ended(`${file}: ${error.message}`));
    this.#child.on('close', (code, signal) => this.#ended(this.#explain(code, signal)));
  }

  get name(): string {
    return this.host.name;
  }

  get facts(): HostFacts {
    return this.#facts!;
  }

  /** Rejects with UsageError: what the host lacks. `rendezvous`: our own, which the agent's ranks are led to. */
  prepare(preparation: Preparation, rendezvous: string): Promise<Prepared> {
    this.#relay = new Relay(this.#child.stdin!, rendezvous);
    this.#send({ type: 'prepare', preparation });
    this.#heartbeat = new Heartbeat(
      this.#heartbeatMs,
      () => this.#send({ type: 'alive' }),
      () => this.#drop(`no sign of life for ${this.#heartbeatMs / 1000} s`),
    );
    return this.#prepared.promise;
  }

  start(plans: readonly RankPlan[], events: RankEvents): RemoteRank[] {
    const ranks = plans.map(
      (plan) =>
        new RemoteRank(plan, events, {
          send: (message) => this.#send(message),
          feed: (bytes) => writeFrame(this.#child.stdin!, 'stdin', plan.rank, bytes),
          stack: (rank, signal) => this.#stackOf(rank, signal),
        }),
    );
    for (const rank of ranks) this.#ranks.set(rank.plan.rank, rank);
    this.#unstarted += ranks.length;
    if (ranks.length === 0) this.#started.resolve();
    if (this.#lost === undefined) this.#send({ type: 'start', plans });
    else queueMicrotask(() => this.#loseRanks());
    return ranks;
  }

  /** Settles when every rank has a process, or never will. */
  started(): Promise<void> {
    return this.#started.promise;
  }

  /** The launcher is about to be stopped, or goes on. */
  suspend(suspended: boolean): void {
    this.#send({ type: 'suspended', suspended });
  }

  /** Ends the agent, and settles when the connection is gone. */
  async close(): Promise<void> {
    if (!this.#closing) {
      this.#closing = true;
      this.#heartbeat?.stop();
      this.#relay?.close();
      this.#send({ type: 'close' });
      this.#child.stdin?.end();
    }
    const late = setTimeout(() => this.#kill(), CLOSE_MS);
    await this.#closed.promise;
    clearTimeout(late);
  }

  #send(message: ToAgent): void {
    if (this.#child.stdin?.writable) {
      writeFrame(this.#child.stdin, 'message', 0, Buffer.from(JSON.stringify(message)));
    }
  }

  #receive(message: FromAgent): void {
    switch (message.type) {
      case 'hello':
        this.#facts = message.facts;
        this.#hello.resolve(message.facts);
        break;
      case 'prepared':
        this.#prepared.resolve(message.prepared);
        break;
      case 'refused':
        this.#prepared.reject(new UsageError(`host ${this.name}: ${message.message}`, message.status));
        break;
      case 'started':
        this.#ranks.get(message.rank)?.started(message.pid);
        if (--this.#unstarted === 0) this.#started.resolve();
        break;
      case 'ended':
        this.#ranks.get(message.rank)?.ended(message.end);
        break;
      case 'output-ended':
        this.#ranks.get(message.rank)?.outputEnded(message.stream);
        break;
      case 'closed':
        this.#ranks.get(message.rank)?.closed();
        break;
      case 'stdin-taken':
        this.#ranks.get(message.rank)?.inputTaken();
        break;
      case 'answer':
        this.#asked.get(message.id)?.resolve(message.value);
        this.#asked.delete(message.id);
        break;
      case 'failed':
        this.#asked.get(message.id)?.reject(new UsageError(`host ${this.name}: ${message.message}`));
        this.#asked.delete(message.id);
        break;
      case 'alive':
        break;
    }
  }

  /** Rejects when the host is lost before it answers. */
  ask(question: Question): Promise<unknown> {
    if (this.#lost !== undefined) return Promise.reject(new UsageError(`host ${this.name}: ${this.#lost}`));
    const id = this.#nextQuestion++;
    return new Promise((resolve, reject) => {
      this.#asked.set(id, { resolve, reject });
      this.#send({ type: 'ask', id, question });
    });
  }

  #stackOf(rank: number, signal: AbortSignal): Promise<string | readonly string[]> {
    return new Promise((resolve) => {
      const late = (): void => resolve('unknown: no answer from its host in time');
      signal.addEventListener('abort', late, { once: true });
      this.ask({ name: 'stack', rank, ms: STACK_MS }).then((lines) => resolve(lines as string[]), late);
    });
  }

  /** Gives the host up. */
  #drop(why: string): void {
    this.#lose(why);
    this.#kill();
  }

  #kill(): void {
    const { pid } = this.#child;
    if (pid !== undefined) signalGroup(pid, 'SIGKILL');
  }

  #ended(why: string): void {
    if (this.#child.pid !== undefined) this.#reaper.delete(this.#child.pid);
    this.#lose(why);
    this.#closed.resolve();
  }

  #lose(why: string): void {
    if (this.#lost !== undefined) return;
    this.#lost = why;
    this.#heartbeat?.stop();
    const error = new UsageError(`host ${this.name}: ${why}`, this.#notFound ? 127 : 125);
    this.#hello.reject(error);
    this.#prepared.reject(error);
    this.#started.resolve();
    for (const { reject } of this.#asked.values()) reject(error);
    this.#loseRanks();
    this.#relay?.close();
  }

  #loseRanks(): void {
    const tell = [...this.#ranks.values()].map((rank) => rank.hostLost(`${this.name}: ${this.#lost}`));
    for (const each of tell) each?.();
  }

  get #notFound(): boolean {
    return this.#facts === undefined && this.#child.exitCode === 127;
  }

  /** Why the connection ended: in the words of ssh or of the start command, which come last. */
  #explain(code: number | null, signal: NodeJS.Signals | null): string {
    const how = signal === null ? `ended with status ${code}` : `was ended by ${signal}`;
    const words = this.#words.lines.filter((line) => line.trim() !== '').map((line) => line.trim());
    const own = words.find((line) => line.startsWith('par-agent: '));
    if (own) return own.slice('par-agent: '.length);
    const said = words.length > 0 ? words.slice(-3).join(' | ') : `${this.#command[0]} ${how}`;
    if (this.#facts !== undefined) return `the connection broke: ${said}`;
    return `${said} (see par doctor -H ${this.name})`;
  }
}
