import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@par/futures';
import type { ShapeName } from './shapes.ts';

/** What a case gets. */
export interface Bench {
  /** Of this case alone; closed after it. */
  readonly client: Client;
  /** One more client of the same cluster, closed after the case. */
  another(): Client;
  /** Ranks of the workers. */
  readonly workers: readonly number[];
}

/** A behaviour that holds on every transport. */
export interface Case {
  /** Begins with the number of the test in the list of Dask's behaviours, if it has one. */
  readonly name: string;
  /** The cluster it needs. Default `pair`. */
  readonly shape?: ShapeName;
  run(bench: Bench): Promise<void>;
}

/** The cases of a file, by name. */
export function casesOf(
  cases: Readonly<Record<string, Case['run']>>,
  options: Omit<Case, 'name' | 'run'> = {},
): readonly Case[] {
  return Object.entries(cases).map(([name, run]) => ({ name, run, ...options }));
}

/** Resolves once `check` holds; polling is the only way to see what others have let go. */
export async function eventually(check: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const signal = AbortSignal.timeout(20_000);
  while (!(await check())) {
    if (signal.aborted) assert.fail(`never came true: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** The error must have this code. */
export async function refused(promise: PromiseLike<unknown>, code: string, message = /(?:)/): Promise<void> {
  await assert.rejects(Promise.resolve(promise), (error: Error & { readonly code?: string }) => {
    assert.equal(error.code, code, error.stack);
    assert.match(error.message, message);
    return true;
  });
}

/** The call must throw an error with this code, before anything is sent. */
export function throws(call: () => unknown, code: string, message = /(?:)/): void {
  assert.throws(call, (error: Error & { readonly code?: string }) => {
    assert.equal(error.code, code, error.stack);
    assert.match(error.message, message);
    return true;
  });
}

/** Tasks the scheduler knows. */
export async function tasksLeft(client: Client): Promise<number> {
  return Object.values(await client.counts()).reduce((sum, count) => sum + count, 0);
}

export function nothingLeft(client: Client): Promise<void> {
  return eventually(async () => (await tasksLeft(client)) === 0, 'no task is left');
}

export const soon = (milliseconds = 50): { readonly signal: AbortSignal } => ({
  signal: AbortSignal.timeout(milliseconds),
});

export const range = (length: number): number[] => Array.from({ length }, (_, i) => i);

/** What a held task and the script tell each other by files, since the threads of workers share nothing. */
export class Hold {
  readonly log: string;
  readonly go: string;
  constructor(files: Iterator<string>) {
    this.log = files.next().value as string;
    this.go = files.next().value as string;
    writeFileSync(this.log, '');
  }
  get count(): number {
    return readFileSync(this.log).length;
  }
  /** Resolves once so many tasks hold their threads. */
  async held(count: number): Promise<void> {
    await eventually(() => this.count >= count, `${count} tasks hold their threads`);
  }
  letGo(): void {
    writeFileSync(this.go, '');
  }
}

const nap = new Int32Array(new SharedArrayBuffer(4));

/** A task that holds its thread until it is told to go on. */
export const hold = (log: string, go: string): void => {
  appendFileSync(log, '.');
  while (!existsSync(go)) Atomics.wait(nap, 0, 0, 1);
};

/** Names of files that are not there yet, in a directory that goes with the generator. */
export function* fileNames(): Generator<string, never> {
  const directory = mkdtempSync(join(tmpdir(), 'par-test-'));
  try {
    for (let i = 0; ; i++) yield join(directory, String(i));
  } finally {
    rmSync(directory, { recursive: true });
  }
}
