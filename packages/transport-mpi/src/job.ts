import { ANY_SOURCE, ParError } from '@par/comm-core';
import type { Capabilities, Transport } from '@par/comm-core/transport';
import { parRanks, translate } from './among.ts';
import { Permission } from './context/agreement.ts';
import { type Job, MpiContext } from './context/context.ts';
import { Control } from './context/control.ts';
import { duplicate } from './context/duplicate.ts';
import { coresSuffice, isCrowded, type Place, placeOf, yieldsReach } from './cores.ts';
import { mpiErrorOf } from './errors.ts';
import { checkNotAlone, checkStartable, type Launch } from './launcher.ts';
import { Bulk } from './messages/bulk.ts';
import { MpiSpace } from './messages/space.ts';
import type { Handle, Library, Native } from './native.ts';
import { Progress } from './progress.ts';
import { listSegments } from './segments.ts';

/** How long `abort` waits for the process to end by itself before it ends everything, this process included. */
const ABORT_GRACE_MS = 1000;
/** After this time in `init` people are told what it waits for. */
const NOTICE_MS = 10_000;
/** Tag of the places ranks tell each other at the start, in the plane of continuations. */
const PLACE_TAG = 1;

const identity = (rank: number): number => rank;

/** A job of MPI processes. */
class MpiTransport implements Transport {
  readonly name = 'mpi';
  readonly capabilities: Capabilities = { detectsMismatch: false, survivesPeerLoss: false };
  readonly hosts: readonly string[];
  readonly world: MpiContext;
  readonly library: Library;
  readonly #native: Native;
  readonly #progress: Progress;
  readonly #everyone: Handle;
  #end: Promise<void> | undefined;

  constructor(native: Native, library: Library, world: MpiContext, hosts: readonly string[]) {
    this.#native = native;
    this.library = library;
    this.world = world;
    this.hosts = hosts;
    this.#progress = world.job.progress;
    this.#everyone = world.job.bulk.plane;
  }

  pending(): string[] {
    const now = performance.now();
    return [...this.#progress.operations()]
      .filter(([, operation]) => !operation.settled && !operation.background)
      .map(([, operation]) => `${operation.describe()}, waiting ${Math.round((now - operation.since) / 1000)} s`);
  }

  /** MPI ends all ranks when one is lost, so there is never anybody left to tell. */
  onFailure(): void {}

  abort(status: number, reason: string): void {
    if (this.#end) return;
    this.#end = Promise.resolve();
    this.#native.abort(status);
    setTimeout(() => {
      process.stderr.write(`par: ${reason}\n`);
      this.#native.abortNow();
    }, ABORT_GRACE_MS);
  }

  close(): Promise<void> {
    this.#end ??= this.#close();
    return this.#end;
  }

  leave(): void {
    if (this.#end) return;
    this.#end = Promise.resolve();
    this.#progress.stop();
    this.#native.finalize(this.#everyone);
  }

  async #close(): Promise<void> {
    // Receives first: what is matched already completes, the rest is given up. Once every rank has come this far, a
    // send that is still pending will never be received.
    await this.#progress.endReceives((what) => new ParError('PAR_FREED', `${what}: the transport was closed`));
    await this.world.barrier(this.#everyone, 'close');
    this.#progress.stop();
    this.#native.finalize(undefined);
  }
}

/** Starts MPI and joins its ranks. Rejects with PAR_ENVIRONMENT when launcher and library do not belong together. */
export async function join(native: Native, launch: Launch, env: NodeJS.ProcessEnv): Promise<MpiTransport> {
  const progress = new Progress(native);
  checkStartable(launch, native.libraryVersion());
  const library = native.init();
  const { rank: me, size, handle: own } = library.world;
  try {
    checkNotAlone(launch, size, library.library);
    const members = parRanks(env.PAR_MPI_RANKS, me, size);
    const values = members
      ? native.createGroup(own, Int32Array.from(members), 0)
      : await noticed(duplicate(progress, own), me, size);
    const collective = await duplicate(progress, values);
    const shared = await duplicate(progress, values);
    const among = members && translate(members);
    const bulk = new Bulk(progress, shared, among?.rankOf ?? identity);
    const ranks = Array.from({ length: size }, (_, rank) => rank);
    const between = new MpiSpace(progress, bulk, {
      buffers: shared,
      values: shared,
      peers: ranks,
      ...(among && { among }),
    });
    const control = new Control(between, me);
    const places = await exchangePlaces(between, members ?? ranks, me, placeOf(library.processor, native));
    const inOrder = [...places.values()];
    const self = [...places.keys()].indexOf(me);
    native.setCores(coresSuffice(inOrder, self), isCrowded(inOrder), yieldsReach(inOrder, self));
    const job: Job = { progress, bulk, control, permission: new Permission(), me, ...(among && { among }) };
    const world = new MpiContext(job, 'world', { own, values, collective }, ranks, undefined);
    listSegments(env.PAR_RUN_DIRECTORY, me);
    const hosts = ranks.map((rank) => places.get(rank)?.host ?? 'a rank without par');
    return new MpiTransport(native, library, world, hosts);
  } catch (error) {
    // A rank that found itself alone ends only itself.
    if (size === 1) native.finalize(undefined);
    throw mpiErrorOf(error);
  }
}

/** Says what `init` waits for, when that takes long. */
async function noticed<T>(joining: Promise<T>, me: number, size: number): Promise<T> {
  const notice = setTimeout(() => {
    process.stderr.write(
      `par: rank ${me} waits in init, which not all ${size} ranks of this job have called. Where some do not run par, ` +
        'PAR_MPI_RANKS must name those that do, such as 1-3,5\n',
    );
  }, NOTICE_MS);
  try {
    return await joining;
  } finally {
    clearTimeout(notice);
  }
}

/** Gathers every rank's place at the first and sends all of them to each. */
async function exchangePlaces(
  space: MpiSpace,
  members: readonly number[],
  me: number,
  mine: Place,
): Promise<Map<number, Place>> {
  const encode = (value: unknown): Uint8Array[] => [Buffer.from(JSON.stringify(value))];
  const decode = (segments: readonly Uint8Array[]): unknown => JSON.parse(Buffer.from(segments[0]!).toString());
  const first = members[0]!;
  if (me !== first) {
    await space.sendValue(encode(mine), first, PLACE_TAG, false);
    const { segments } = await space.recvValue(first, PLACE_TAG);
    return new Map(decode(segments) as [number, Place][]);
  }
  const places = new Map([[me, mine]]);
  for (let i = 1; i < members.length; i++) {
    const { source, segments } = await space.recvValue(ANY_SOURCE, PLACE_TAG);
    places.set(source, decode(segments) as Place);
  }
  const inOrder = members.map((rank) => [rank, places.get(rank)!] as const);
  await Promise.all(members.slice(1).map((rank) => space.sendValue(encode(inOrder), rank, PLACE_TAG, false)));
  return new Map(inOrder);
}
