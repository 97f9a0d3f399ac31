import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ANY_SOURCE, ParError } from '@par/comm-core';
import type { Mailbox } from '../../mailbox/index.ts';
import { type Rank, TAGS, type ToScheduler, type ToWorker } from '../../protocol/index.ts';
import type { WorkerOptions } from '../options.ts';
import type { FromProcess, ToProcess } from './messages.ts';

/** Numbers of clients and of questions that each process may use. */
const LOCALS = 2 ** 16;
const BLOCKS = 31;
const REQUESTS = 2 ** 40;
/** So many processes in a row that end before they join are the last. */
const MOST_FAILED_STARTS = 3;

/**
 * A worker in a child process of its rank, which passes messages on. When that process dies the scheduler is told, and another
 * one joins in its place. Resolves once the scheduler has closed the worker. Rejects with PAR_ENVIRONMENT when processes
 * cannot be started, PAR_PEER_LOST when the scheduler is lost.
 */
export class IsolatedWorker {
  readonly #mailbox: Mailbox;
  readonly #options: WorkerOptions;
  readonly #scheduler: Rank;
  readonly #answering = new Set<Rank>();
  readonly #done = Promise.withResolvers<void>();
  readonly #onExit = (): void => void this.#child?.kill('SIGKILL');
  #child: ChildProcess | undefined;
  /** Clients in tasks of the present process. */
  readonly #clients = new Set<number>();
  #started = 0;
  #failedStarts = 0;
  /** The present process has been welcomed: orders of the scheduler are meant for it. */
  #joined = false;
  #left = false;

  constructor(mailbox: Mailbox, options: WorkerOptions) {
    this.#mailbox = mailbox;
    this.#options = options;
    this.#scheduler = options.scheduler ?? 0;
  }

  async run(): Promise<void> {
    const lost = (error: Error): void => this.#done.reject(error);
    this.#mailbox.receive<ToWorker>(
      TAGS.toWorker,
      { take: (records) => this.#ordered(records), lost },
      this.#scheduler,
    );
    this.#passOn(TAGS.toClient, this.#scheduler);
    this.#passOn(TAGS.toPeer, ANY_SOURCE);
    this.#start();
    process.on('exit', this.#onExit);
    try {
      await this.#done.promise;
    } finally {
      process.off('exit', this.#onExit);
      this.#left = true;
      if (this.#child?.connected) this.#child.disconnect();
    }
  }

  #start(): void {
    const block = this.#started % BLOCKS;
    this.#joined = false;
    this.#started++;
    const { scheduler: _, background, isolation: __, ...options } = this.#options;
    const child = fork(program(), [], { serialization: 'advanced', execArgv: execArgv() });
    this.#child = child;
    if (background) {
      child.unref();
      child.channel?.unref();
    }
    child.on('message', (message: FromProcess) => this.#send(message));
    child.on('error', () => {}); // it could not be told something, or started; its end says so
    // Not 'exit', which may come before its last words.
    child.on('close', (code, signal) => this.#ended(signal === null ? `status ${code}` : signal));
    this.#tell({
      kind: 'start',
      rank: this.#mailbox.rank,
      size: this.#mailbox.size,
      host: this.#mailbox.host,
      options: { ...options, scheduler: this.#scheduler },
      firstLocal: (block + 1) * LOCALS,
      firstRequest: this.#started * REQUESTS,
    });
  }

  #ended(how: string): void {
    this.#child = undefined;
    if (this.#left) {
      this.#done.resolve();
      return;
    }
    const post = (record: ToScheduler): void => this.#mailbox.post(this.#scheduler, TAGS.toScheduler, record);
    for (const client of this.#clients) post({ kind: 'close-client', client });
    this.#clients.clear();
    this.#failedStarts = this.#joined ? 0 : this.#failedStarts + 1;
    const text = `the process of worker rank ${this.#mailbox.rank} ended with ${how}`;
    if (this.#failedStarts >= MOST_FAILED_STARTS) {
      this.#done.reject(new ParError('PAR_ENVIRONMENT', `${text} before it joined, ${this.#failedStarts} times`));
      return;
    }
    post({ kind: 'died', how: text });
    this.#start();
  }

  #ordered(records: readonly ToWorker[]): void {
    if (records.some(({ kind }) => kind === 'expired')) {
      // Its rank answers, so it is the process that does not.
      this.#joined = false;
      this.#child?.kill('SIGKILL');
      return;
    }
    let mine = records;
    if (!this.#joined) {
      // What comes before the welcome was for the process before this one.
      const welcome = records.findIndex(({ kind }) => kind === 'joined' || kind === 'close');
      if (welcome < 0) return;
      this.#joined = true;
      mine = records.slice(welcome);
    }
    this.#tell({ kind: 'records', tag: TAGS.toWorker, source: this.#scheduler, records: mine });
  }

  #passOn(tag: number, from: Rank): void {
    const take = (records: readonly unknown[], source: Rank): void => {
      this.#tell({ kind: 'records', tag, source, records });
    };
    const lost = ({ message }: Error): void => this.#tell({ kind: 'lost', rank: from, text: message });
    this.#mailbox.receive(tag, { take, lost }, from);
  }

  #send({ dest, tag, records }: FromProcess): void {
    if (tag === TAGS.toPeer && !this.#answering.has(dest)) {
      this.#answering.add(dest);
      this.#passOn(TAGS.answers, dest);
    }
    if (tag === TAGS.toScheduler) for (const record of records as readonly ToScheduler[]) this.#watch(record);
    for (const record of records) this.#mailbox.post(dest, tag, record);
  }

  #watch(record: ToScheduler): void {
    if (record.kind === 'open-client') this.#clients.add(record.client);
    else if (record.kind === 'close-client') this.#clients.delete(record.client);
    else if (record.kind === 'leave') this.#left = true;
  }

  #tell(message: ToProcess): void {
    if (this.#child?.connected) this.#child.send(message);
  }
}

/** Node's options of this process, but those of a debugger, whose port is taken. */
function execArgv(): string[] {
  return process.execArgv.filter((option) => !option.startsWith('--inspect'));
}

/** The program: beside the sources when they run as they are, an entry of its own in the package. */
function program(): string {
  const here = import.meta.url;
  if (here.endsWith('.ts')) return fileURLToPath(new URL('../worker-process.ts', here));
  const root = here.lastIndexOf('/dist/');
  return fileURLToPath(`${here.slice(0, root)}/dist/worker/worker-process.js`);
}
