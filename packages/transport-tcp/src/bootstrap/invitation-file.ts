import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { ParError } from '@par/comm-core';
import { makePrivate } from '../private-directory.ts';
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
    const fresh = `${this.path}.${randomBytes(8).toString('hex')}`;
    const file = openSync(fresh, 'wx', 0o600);
    try {
      writeFileSync(file, JSON.stringify({ key: this.#key, ...invitation }));
      fsyncSync(file); // other hosts may read it as soon as it has its name
    } finally {
      closeSync(file);
    }
    renameSync(fresh, this.path);
  }

  /**
   * The invitation that lies there now; undefined: none, or not one of this program's. Throws PAR_ENVIRONMENT for a file that
   * somebody else could have written or can read.
   */
  read(): Invitation | undefined {
    let file: number;
    try {
      file = openSync(this.path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ESTALE') return undefined;
      throw this.#refused(code === 'ELOOP' ? 'is a symbolic link' : (error as Error).message, error);
    }
    try {
      const { mode, uid, nlink, size } = fstatSync(file);
      const me = process.getuid?.();
      if ((mode & constants.S_IFMT) !== constants.S_IFREG) throw this.#refused('is no file');
      if (me !== undefined && uid !== me) throw this.#refused(`belongs to user ${uid}, not to you (user ${me})`);
      if ((mode & 0o077) !== 0) throw this.#refused(`is open to other users (mode ${(mode & 0o777).toString(8)})`);
      if (nlink > 1) throw this.#refused('has a second name'); // 0: it was replaced this moment
      return size > MAX_BYTES ? undefined : this.#parse(readFileSync(file, 'utf8'));
    } finally {
      closeSync(file);
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
