import type { Release, Results, Stored } from '../client.ts';
import type { Submit } from '../submission.ts';
import type { Finished, FinishedStored, Free, RunTasks } from '../worker.ts';
import {
  areSmall,
  readDurations,
  readKeys,
  readLists,
  readLocations,
  readPacked,
  readValues,
  writeDurations,
  writeKeys,
  writeLists,
  writeLocations,
  writePacked,
  writeValues,
} from './parts.ts';
import type { ByteReader } from './reader.ts';
import type { ByteWriter } from './writer.ts';

/**
 * The records that every task causes, in a layout of their own: a general codec looks at every value of them, which took half
 * of the time of a task's way (benchmarks/futures/par.ts).
 */
const CODE = {
  SUBMIT: 1,
  RELEASE: 2,
  RUN: 3,
  FREE: 4,
  FINISHED: 5,
  FINISHED_STORED: 6,
  RESULTS: 7,
  STORED: 8,
} as const;

export type HotRecord = Submit | Release | RunTasks | Free | Finished | FinishedStored | Results | Stored;

/** False, after whatever it wrote, for what needs the general codec. */
export function writeRecord(out: ByteWriter, record: HotRecord | { readonly kind: string }): boolean {
  switch (record.kind) {
    case 'submit':
      return writeSubmit(out, record as Submit);
    case 'run':
      return writeRun(out, record as RunTasks);
    case 'finished':
      return writeFinished(out, record as Finished);
    case 'results': {
      const { client, numbers, values } = record as Results;
      out.number(CODE.RESULTS);
      out.number(client);
      out.numbers(numbers);
      writePacked(out, values);
      return true;
    }
    case 'release': {
      const { client, ranges } = record as Release;
      out.number(CODE.RELEASE);
      out.number(client);
      out.numbers(ranges);
      return true;
    }
    case 'free':
      out.number(CODE.FREE);
      out.numbers((record as Free).ranges);
      return true;
    case 'finished-stored':
      return writeFinishedStored(out, record as FinishedStored);
    case 'stored':
      return writeStored(out, record as Stored);
    default:
      return false;
  }
}

/** Undefined for bytes that are no record. */
export function readRecord(from: ByteReader): HotRecord | undefined {
  switch (from.number()) {
    case CODE.SUBMIT:
      return readSubmit(from);
    case CODE.RUN:
      return readRun(from);
    case CODE.FINISHED:
      return readFinished(from);
    case CODE.RESULTS:
      return { kind: 'results', client: from.number(), numbers: from.numbers(), values: readPacked(from) };
    case CODE.RELEASE:
      return { kind: 'release', client: from.number(), ranges: from.numbers() };
    case CODE.FREE:
      return { kind: 'free', ranges: from.numbers() };
    case CODE.FINISHED_STORED:
      return readFinishedStored(from);
    case CODE.STORED:
      return readStored(from);
    default:
      return undefined;
  }
}

const SUBMIT = { KEYS: 1, NAME: 2, SHARED: 4, DEPENDENCIES: 8, PARENT: 16 } as const;

function writeSubmit(out: ByteWriter, record: Submit): boolean {
  const { chunks, common, keys, name, sharedDependencies, dependencies, parent, options } = record;
  for (const _ in options) return false;
  if (common !== undefined || !areSmall(chunks)) return false;
  out.number(CODE.SUBMIT);
  out.number(
    given(keys, SUBMIT.KEYS) |
      given(name, SUBMIT.NAME) |
      given(sharedDependencies, SUBMIT.SHARED) |
      given(dependencies, SUBMIT.DEPENDENCIES) |
      given(parent, SUBMIT.PARENT),
  );
  out.number(record.client);
  out.number(record.first);
  out.number(record.count);
  out.text(record.fn);
  out.number(record.chunkTasks);
  out.number(record.generation);
  writeValues(out, chunks);
  if (keys !== undefined) out.texts(keys);
  if (name !== undefined) out.text(name);
  if (sharedDependencies !== undefined) out.numbers(sharedDependencies);
  if (dependencies !== undefined) out.numbers(dependencies);
  if (parent !== undefined) {
    out.number(parent.task);
    out.number(parent.run);
  }
  return true;
}

function readSubmit(from: ByteReader): Submit {
  const flags = from.number();
  return {
    kind: 'submit',
    client: from.number(),
    first: from.number(),
    count: from.number(),
    fn: from.text(),
    chunkTasks: from.number(),
    generation: from.number(),
    chunks: readValues(from),
    ...(flags & SUBMIT.KEYS && { keys: from.texts() }),
    ...(flags & SUBMIT.NAME && { name: from.text() }),
    ...(flags & SUBMIT.SHARED && { sharedDependencies: from.numbers() }),
    ...(flags & SUBMIT.DEPENDENCIES && { dependencies: from.numbers() }),
    ...(flags & SUBMIT.PARENT && { parent: { task: from.number(), run: from.number() } }),
    options: {},
  };
}

const RUN = { KEYS: 1, DEPENDENCIES: 2, ACTOR: 4 } as const;

function writeRun(out: ByteWriter, record: RunTasks): boolean {
  const { keys, chunks, common, dependencies, locations, group } = record;
  if (common !== undefined || group !== undefined || !areSmall(chunks)) return false;
  out.number(CODE.RUN);
  out.number(given(keys, RUN.KEYS) | given(dependencies, RUN.DEPENDENCIES) | given(record.actor, RUN.ACTOR));
  out.number(record.fn);
  out.text(record.name);
  out.numbers(record.tasks);
  out.numbers(record.runs);
  out.number(record.priority);
  out.number(record.generation);
  out.numbers(record.order);
  writeValues(out, chunks);
  out.numbers(record.chunkOf);
  out.numbers(record.positions);
  if (keys !== undefined) writeKeys(out, keys);
  if (dependencies !== undefined) {
    writeLists(out, dependencies);
    writeLocations(out, locations ?? []);
  }
  return true;
}

function readRun(from: ByteReader): RunTasks {
  const flags = from.number();
  return {
    kind: 'run',
    fn: from.number(),
    name: from.text(),
    tasks: from.numbers(),
    runs: from.numbers(),
    priority: from.number(),
    generation: from.number(),
    order: from.numbers(),
    chunks: readValues(from),
    chunkOf: from.numbers(),
    positions: from.numbers(),
    ...(flags & RUN.KEYS && { keys: readKeys(from) }),
    ...(flags & RUN.DEPENDENCIES && { dependencies: readLists(from), locations: readLocations(from) }),
    ...(flags & RUN.ACTOR && { actor: true }),
  };
}

function writeFinished(out: ByteWriter, { tasks, runs, durations, values, holds }: Finished): boolean {
  out.number(CODE.FINISHED);
  out.number(given(holds, 1));
  out.numbers(tasks);
  out.numbers(runs);
  writeDurations(out, durations);
  writePacked(out, values);
  if (holds !== undefined) out.numbers(holds);
  return true;
}

function readFinished(from: ByteReader): Finished {
  const held = from.number();
  return {
    kind: 'finished',
    tasks: from.numbers(),
    runs: from.numbers(),
    durations: readDurations(from),
    values: readPacked(from),
    ...(held && { holds: from.numbers() }),
  };
}

function writeFinishedStored(out: ByteWriter, record: FinishedStored): boolean {
  const { holds } = record;
  out.number(CODE.FINISHED_STORED);
  out.number(given(holds, 1));
  out.numbers(record.tasks);
  out.numbers(record.runs);
  writeDurations(out, record.durations);
  out.numbers(record.nbytes);
  out.texts(record.types);
  if (holds !== undefined) out.numbers(holds);
  return true;
}

function readFinishedStored(from: ByteReader): FinishedStored {
  const held = from.number();
  return {
    kind: 'finished-stored',
    tasks: from.numbers(),
    runs: from.numbers(),
    durations: readDurations(from),
    nbytes: from.numbers(),
    types: from.texts(),
    ...(held && { holds: from.numbers() }),
  };
}

function writeStored(out: ByteWriter, record: Stored): boolean {
  const { actors } = record;
  out.number(CODE.STORED);
  out.number(given(actors, 1));
  out.number(record.client);
  out.numbers(record.numbers);
  out.numbers(record.tasks);
  out.numbers(record.nbytes);
  out.texts(record.types);
  writeLists(out, record.holders);
  if (actors !== undefined) out.numbers(actors.map(Number));
  return true;
}

function readStored(from: ByteReader): Stored {
  const some = from.number();
  return {
    kind: 'stored',
    client: from.number(),
    numbers: from.numbers(),
    tasks: from.numbers(),
    nbytes: from.numbers(),
    types: from.texts(),
    holders: readLists(from),
    ...(some && { actors: from.numbers().map(Boolean) }),
  };
}

function given(part: unknown, flag: number): number {
  return part === undefined ? 0 : flag;
}
