import { Group } from '../group.ts';
import type { Context } from '../transport/index.ts';
import { CollectiveCalls } from './collective-calls.ts';
import type { Communicator, Waitable } from './communicator.ts';
import { orGiveUp } from './giving-up.ts';
import type { Intercommunicator } from './intercommunicator.ts';
import { Comm } from './intracomm.ts';
import { HostState, type Job } from './job.ts';

/** Two groups: messages and collectives go between them. `local` carries what a group agrees on by itself. */
export class InterComm extends CollectiveCalls implements Intercommunicator {
  readonly job: Job;
  readonly rank: number;
  readonly size: number;
  readonly remoteSize: number;
  readonly group: Group;
  readonly remoteGroup: Group;
  readonly #state: HostState;
  readonly #local: Context;

  constructor(job: Job, context: Context, local: Context, name: string) {
    const state = new HostState(job.transport, context, name, local);
    super(context, state);
    this.#state = state;
    this.#local = local;
    this.job = job;
    this.rank = context.rank;
    this.size = context.size;
    const remote = context.remoteRanks ?? [];
    this.remoteSize = remote.length;
    this.group = new Group(context.ranks, job.transport.world.rank);
    this.remoteGroup = new Group(remote, job.transport.world.rank);
  }

  get transport(): string {
    return this.job.transport.name;
  }
  get name(): string {
    return this.#state.name;
  }
  set name(name: string) {
    this.#state.name = name;
  }

  dup({ signal }: Waitable = {}): Promise<Intercommunicator> {
    return orGiveUp(this.#dup(), signal, `dup on ${this.name}, rank ${this.rank}`);
  }

  async #dup(): Promise<Intercommunicator> {
    this.#state.checkUsable();
    const all = Array.from({ length: this.size }, (_, rank) => rank);
    const local = await this.#local.derive(all);
    return new InterComm(this.job, await this.context.derive(all), local, `${this.name}.dup`);
  }

  merge({ high = false, signal }: { high?: boolean } & Waitable = {}): Promise<Communicator> {
    return orGiveUp(this.#merge(high), signal, `merge on ${this.name}, rank ${this.rank}`);
  }

  async #merge(high: boolean): Promise<Communicator> {
    this.#state.checkUsable();
    return new Comm(this.job, await this.context.merge(high), `${this.name}.merged`);
  }

  async free(): Promise<void> {
    if (this.#state.freed) return;
    this.#state.freed = true;
    await this.context.free();
    await this.#local.free();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.free();
  }
}
