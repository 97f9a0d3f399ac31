import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import type { Writable } from 'node:stream';
import type { StreamName } from '../output/output.ts';
import { endGroup, signalGroup } from '../run/end-group.ts';
import type { RankEnd } from '../run/exit-policy.ts';
import type { Rank, RankEvents, RankPlan } from '../run/rank-process.ts';
import type { Reaper } from '../run/reaper.ts';
import type { Fifo, FifoInput } from './fifo.ts';

/** What a shell calls the end of the program it waited for. */
export function endOfStatus(status: number): RankEnd {
  const found = Object.entries(constants.signals).find(([, number]) => number === status - 128);
  return found === undefined ? { kind: 'exit', code: status } : { kind: 'signal', signal: found[0] as NodeJS.Signals };
}

export interface MpiRankOptions {
  readonly plan: RankPlan;
  readonly events: RankEvents;
  readonly reaper: Reaper;
  readonly streams: Record<StreamName, Fifo>;
  readonly input: FifoInput | undefined;
  /** It is being killed: its launcher should end soon, too. */
  onKill(): void;
}

/** A rank that an MPI's launcher starts; its shell reports what happens to it. */
export class MpiRank implements Rank {
  readonly plan: RankPlan;
  startedAt = new Date();
  endedAt: Date | undefined;
  end: RankEnd | undefined;
  signalled = false;
  pid: number | undefined;
  readonly #events: RankEvents;
  readonly #reaper: Reaper;
  readonly #streams: Record<StreamName, Fifo>;
  readonly #input: FifoInput | undefined;
  readonly #onKill: () => void;
  /** Leader of its process group: its shell. */
  #group: number | undefined;
  /** Sent once it has started. */
  readonly #waiting: NodeJS.Signals[] = [];
  #leavesWith: number | undefined;
  #openStreams = 2;
  #lastOutput = 0;
  #paused = false;

  constructor({ plan, events, reaper, streams, input, onKill }: MpiRankOptions) {
    this.plan = plan;
    this.#events = events;
    this.#reaper = reaper;
    this.#streams = streams;
    this.#input = input;
    this.#onKill = onKill;
    this.#read('stdout');
    this.#read('stderr');
  }

  stack(): Promise<string> {
    return Promise.resolve('unknown: ranks of MPI cannot be asked');
  }

  get stdin(): Writable | undefined {
    return this.#input?.stream;
  }

  get alive(): boolean {
    return this.end === undefined;
  }

  get done(): boolean {
    return !this.alive && this.#openStreams === 0;
  }

  /** It ended with another status than 0, or says that it will. */
  get failed(): boolean {
    const { end } = this;
    return Boolean(this.#leavesWith) || (end !== undefined && !(end.kind === 'exit' && end.code === 0));
  }

  /** Its shell reports that it runs. */
  started(pid: number, group: number): void {
    this.pid = pid;
    this.#group = group;
    this.startedAt = new Date();
    this.#reaper.add(group);
    this.#input?.release();
    for (const { release } of this.#fifos()) release();
    for (const signal of this.#waiting.splice(0)) this.signal(signal);
  }

  /** It says that it is about to exit. */
  leaves(code: number): void {
    this.#leavesWith = code;
  }

  /** Its shell reports its end. What it said itself goes before what others made of it meanwhile. */
  ended(status: number): void {
    this.#finish(this.#leavesWith ? { kind: 'exit', code: this.#leavesWith } : endOfStatus(status));
  }

  /** The launcher has ended: an end that nobody could report is found out now. */
  orphaned(): void {
    if (!this.alive) return;
    if (this.#group === undefined) {
      this.signalled = true;
      this.#finish({ kind: 'not-started', status: 125, message: 'the launcher ended before' });
    } else if (!isRunning(this.#group)) {
      // Every other end its shell would have reported.
      this.signalled = !this.#leavesWith;
      this.#finish(this.#leavesWith ? { kind: 'exit', code: this.#leavesWith } : { kind: 'signal', signal: 'SIGKILL' });
    }
  }

  signal(signal: NodeJS.Signals): boolean {
    if (this.done) return false;
    if (signal === 'SIGKILL') this.#onKill();
    if (this.#group !== undefined) return signalGroup(this.#group, signal);
    this.#waiting.push(signal);
    return true;
  }

  pause(paused: boolean): void {
    this.#paused = paused;
    for (const { stream } of this.#fifos()) {
      if (paused) stream.pause();
      else stream.resume();
    }
  }

  endGroup(graceMs: number): void {
    const group = this.#group;
    if (group === undefined) return;
    const remains = {
      group,
      done: () => this.done,
      paused: () => this.#paused,
      lastOutput: () => this.#lastOutput,
      giveUp: () => {
        for (const { stream } of this.#fifos()) stream.destroy();
      },
    };
    endGroup(remains, this.#reaper, graceMs);
  }

  #fifos() {
    return Object.values(this.#streams).map((fifo) => ({ stream: fifo.stream, release: () => fifo.release() }));
  }

  #read(name: StreamName): void {
    const { rank } = this.plan;
    const { stream } = this.#streams[name];
    stream.on('data', (chunk: Uint8Array) => {
      this.#lastOutput = performance.now();
      this.#events.output(rank, name, chunk);
    });
    stream.on('error', () => {});
    stream.on('close', () => {
      this.#events.outputEnded(rank, name);
      this.#openStreams--;
      if (this.done) this.#events.closed(rank);
    });
  }

  #finish(end: RankEnd): void {
    if (!this.alive) return;
    for (const { release } of this.#fifos()) release();
    this.#input?.release();
    this.#input?.stream.destroy();
    this.end = end;
    this.endedAt = new Date();
    this.#events.ended(this.plan.rank, end);
    if (this.done) this.#events.closed(this.plan.rank);
  }
}

/** A process nobody has waited for yet has ended all the same (proc_pid_stat(5): the state follows the command's name). */
function isRunning(pid: number): boolean {
  try {
    const state = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)![0]!;
    return !'ZX'.includes(state);
  } catch {
    if (process.platform === 'linux') return false;
  }
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
