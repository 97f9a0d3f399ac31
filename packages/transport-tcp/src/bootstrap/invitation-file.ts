import { createHash } from 'node:crypto';
import { readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { ParError } from '@par/comm-core';
import { makePrivate } from '../private-directory.ts';
import { NotPrivateError, publishPrivately, readPrivately } from '../private-file.ts';
import type { Invitation } from './hold.ts';

/** Files live for as long as a job takes to start: after a day, in milliseconds, nobody waits for one any more. */
const STALE_MS = 86_400_000;
const NAME = /^[\w.-]+\.invitation(\.[0-9a-f]{16})?$/;
const MAX_BYTES = 4096;

/** An invitation that passes from rank 0 to the others through a file that only their user can read. */
export class InvitationFile {
  readonly path: string;
  readonly #directory: string;
  readonly #key: string;

  /** `directory` is one that all hosts of the job share; it is created when it is missing. Throws PAR_ENVIRONMENT when it is not private. */
  constructor(directory: string, key: string) {
    makePrivate(directory);
    const readable = key.replaceAll(/[^\w.-]+/g, '-').slice(0, 80);
    const digest = createHash('sha256').update(key).digest('hex').slice(0, 16);
    this.#directory = directory;
    this.#key = key;
    this.path = join(directory, `${readable}-${digest}.invitation`);
  }

  /** Puts the invitation in the place of whatever an earlier job left there, at once and whole. */
  publish(invitation: Invitation): void {
    this.#sweep();
    publishPrivately(this.path, JSON.stringify({ key: this.#key, ...invitation }));
  }

  /**
   * The invitation that lies there now; undefined: none, or not one of this program's. Throws PAR_ENVIRONMENT for a file that
   * somebody else could have written or can read.
   */
  read(): Invitation | undefined {
    try {
      const text = readPrivately(this.path, MAX_BYTES);
      return text === undefined ? undefined : this.#parse(text);
    } catch (error) {
      if (!(error instanceof NotPrivateError)) throw error;
      throw this.#refused(error.message, error);
    }
  }

  /** Removes it, unless it is that of a later job. */
  remove(invitation: Invitation): void {
    if (this.read()?.secret === invitation.secret) rmSync(this.path, { force: true });
  }

  /** Makes an NFS client forget that the file was missing, which it remembers for up to a minute: a change of the directory does. */
  refresh(): void {
    const now = new Date();
    utimesSync(this.#directory, now, now);
  }

  #parse(text: string): Invitation | undefined {
    try {
      const { key, address, job, secret } = JSON.parse(text) as Record<string, unknown>;
      const texts = typeof address === 'string' && typeof job === 'string' && typeof secret === 'string';
      return key === this.#key && texts && /^[0-9a-f]{64}$/.test(secret) ? { address, job, secret } : undefined;
    } catch {
      return undefined;
    }
  }

  #sweep(): void {
    for (const name of readdirSync(this.#directory).filter((name) => NAME.test(name))) {
      const path = join(this.#directory, name);
      const status = statSync(path, { throwIfNoEntry: false });
      if (status !== undefined && Date.now() - status.mtimeMs > STALE_MS) rmSync(path, { force: true });
    }
  }

  #refused(why: string, cause?: unknown): ParError {
    return new ParError(
      'PAR_ENVIRONMENT',
      `${this.path} ${why}: it cannot be trusted with the secret of a job. Find out who made it, remove it and start again`,
      { cause },
    );
  }
}
