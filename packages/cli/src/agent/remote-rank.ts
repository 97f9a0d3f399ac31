import { Writable } from 'node:stream';
import type { StreamName } from '../output/output.ts';
import type { RankEnd } from '../run/exit-policy.ts';
import type { Rank, RankEvents, RankPlan } from '../run/rank-process.ts';
import type { ToAgent } from './messages.ts';

/** What a rank needs of the connection to its agent. */
export interface RankLine {
  send(message: ToAgent): void;
  /** Standard input; nothing: its end. */
  feed(bytes: Uint8Array): void;
  stack(rank: number, signal: AbortSignal): Promise<string | readonly string[]>;
}

/** A rank that an agent on another host has started. */
export class RemoteRank implements Rank {
  readonly plan: RankPlan;
  readonly events: RankEvents;
  readonly startedAt = new Date();
  readonly stdin: Writable | undefined;
  endedAt: Date | undefined;
  end: RankEnd | undefined;
  signalled = false;
  pid: number | undefined;
  readonly #line: RankLine;
  readonly #open = new Set<StreamName>(['stdout', 'stderr']);
  #closed = false;
  #taken: (() => void) | undefined;

  constructor(plan: RankPlan, events: RankEvents, line: RankLine) {
    this.plan = plan;
    this.events = events;
    this.#line = line;
    if (plan.stdin === 'pipe') {
      this.stdin = new Writable({
        // One chunk at a time is under way: a rank that does not read must not fill the agent's memory.
        write: (chunk: Uint8Array, _encoding, taken) => {
          this.#taken = taken;
          line.feed(chunk);
        },
        final: (done) => {
          line.feed(new Uint8Array(0));
          done();
        },
      });
    }
  }

  get alive(): boolean {
    return this.end === undefined;
  }

  signal(signal: NodeJS.Signals): boolean {
    if (this.#closed) return false;
    this.#line.send({ type: 'signal', rank: this.plan.rank, signal });
    return true;
  }

  pause(paused: boolean): void {
    this.#line.send({ type: 'pause', rank: this.plan.rank, paused });
  }

  /** Its agent does that by itself. */
  endGroup(): void {}

  stack(signal: AbortSignal): Promise<string | readonly string[]> {
    if (!this.plan.stacks) return Promise.resolve('unknown: not a Node program');
    return this.#line.stack(this.plan.rank, signal);
  }

  started(pid: number | undefined): void {
    this.pid = pid;
  }

  ended(end: RankEnd): void {
    if (this.end !== undefined) return;
    this.end = end;
    this.#tellEnd();
  }

  outputEnded(stream: StreamName): void {
    if (this.#open.delete(stream)) this.events.outputEnded(this.plan.rank, stream);
  }

  closed(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.events.closed(this.plan.rank);
  }

  inputTaken(): void {
    const taken = this.#taken;
    this.#taken = undefined;
    taken?.();
  }

  /** `end` is set before anybody hears of it: all ranks of a host are lost at once. */
  hostLost(message: string): (() => void) | undefined {
    if (this.#closed) return undefined;
    const news = this.alive;
    this.end ??= { kind: 'host-lost', message };
    return () => {
      if (news) this.#tellEnd();
      for (const stream of [...this.#open]) this.outputEnded(stream);
      this.closed();
    };
  }

  #tellEnd(): void {
    this.endedAt = new Date();
    this.stdin?.destroy();
    this.events.ended(this.plan.rank, this.end!);
  }
}
