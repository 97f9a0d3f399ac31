import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';

/** Why a file is not trusted with a secret: somebody else could have written it, or can read it. */
export class NotPrivateError extends Error {}

/** Puts a file that only this user can read in the place of whatever is there, at once and whole. */
export function publishPrivately(path: string, text: string): void {
  const fresh = `${path}.${randomBytes(8).toString('hex')}`;
  const file = openSync(fresh, 'wx', 0o600);
  try {
    writeFileSync(file, text);
    fsyncSync(file); // other hosts may read it as soon as it has its name
  } finally {
    closeSync(file);
  }
  try {
    renameSync(fresh, path);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  }
}

/** What such a file says; undefined: there is none, or it is longer than `most` bytes. Throws NotPrivateError. */
export function readPrivately(path: string, most: number): string | undefined {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESTALE') return undefined;
    throw new NotPrivateError(code === 'ELOOP' ? 'is a symbolic link' : message, { cause });
  }
  try {
    const { mode, uid, nlink, size } = fstatSync(file);
    const me = process.getuid?.();
    if ((mode & constants.S_IFMT) !== constants.S_IFREG) throw new NotPrivateError('is no file');
    if (me !== undefined && uid !== me) throw new NotPrivateError(`belongs to user ${uid}, not to you (user ${me})`);
    if ((mode & 0o077) !== 0) {
      throw new NotPrivateError(`is open to other users (mode ${(mode & 0o777).toString(8)})`);
    }
    if (nlink > 1) throw new NotPrivateError('has a second name'); // 0: it was replaced this moment
    return size > most ? undefined : readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}
