import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InvitationFile } from '../../src/bootstrap/invitation-file.ts';

const KEY = 'slurm cluster 0 17 3';
const invitation = { address: 'tcp:10.0.0.1:4000', job: 'a job', secret: 'ab'.repeat(32) };
const another = { ...invitation, secret: 'cd'.repeat(32) };
const refused = (why: RegExp) =>
  expect.objectContaining({ code: 'PAR_ENVIRONMENT', message: expect.stringMatching(why) });
const isRoot = process.getuid?.() === 0;

let home: string;
let directory: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'par-test-'));
  directory = join(home, '.par/bootstrap');
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

describe('an invitation in a file', () => {
  it('passes from one process to others, only their user can read it, and it is gone when it is removed', () => {
    const file = new InvitationFile(directory, KEY);
    expect(file.read()).toBeUndefined();
    file.publish(invitation);
    expect(new InvitationFile(directory, KEY).read()).toEqual(invitation);
    expect(statSync(file.path).mode & 0o777).toBe(0o600);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    file.remove(invitation);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('of one step is not that of another, whatever their names look like in a path', () => {
    const steps = [
      'slurm a b 1',
      'slurm a-b 1',
      'slurm a/b 1',
      `slurm ${'x'.repeat(300)} 1`,
      `slurm ${'x'.repeat(300)} 2`,
    ];
    const files = steps.map((key) => new InvitationFile(directory, key));
    expect(new Set(files.map(({ path }) => path)).size).toBe(steps.length);
    for (const file of files) file.publish(invitation);
    expect(readdirSync(directory)).toHaveLength(steps.length);
  });

  it('takes the place of what an earlier job left, and an earlier job does not remove it', () => {
    const file = new InvitationFile(directory, KEY);
    file.publish(invitation);
    file.publish(another);
    expect(file.read()).toEqual(another);
    file.remove(invitation);
    expect(file.read()).toEqual(another);
  });

  it.each(['', 'no json', '{}', JSON.stringify({ key: 'other', ...invitation }), 'x'.repeat(5000)])(
    'is not there yet when the file holds %.20j',
    (text) => {
      const file = new InvitationFile(directory, KEY);
      writeFileSync(file.path, text, { mode: 0o600 });
      expect(file.read()).toBeUndefined();
    },
  );

  it('sweeps away what jobs of other days left, and nothing else', () => {
    const old = new InvitationFile(directory, 'slurm c 0 1 0');
    old.publish(invitation);
    writeFileSync(join(directory, 'notes.txt'), '');
    const yesterday = Date.now() / 1000 - 100_000;
    for (const name of readdirSync(directory)) utimesSync(join(directory, name), yesterday, yesterday);
    const file = new InvitationFile(directory, KEY);
    file.publish(another);
    expect(readdirSync(directory).sort()).toEqual(['notes.txt', file.path.slice(directory.length + 1)].sort());
  });
});

describe('attacks', () => {
  const prepared = (): InvitationFile => {
    const file = new InvitationFile(directory, KEY);
    file.publish(invitation);
    return file;
  };

  it.each([0o755, 0o770, 0o701])('a directory of mode %o is refused', (mode) => {
    mkdirSync(directory, { recursive: true });
    chmodSync(directory, mode);
    expect(() => new InvitationFile(directory, KEY)).toThrow(refused(/open to other users .*chmod 700/));
  });

  it('a symbolic link in the place of the directory is refused', () => {
    mkdirSync(join(home, 'elsewhere'), { mode: 0o700 });
    mkdirSync(join(home, '.par'));
    symlinkSync(join(home, 'elsewhere'), directory);
    expect(() => new InvitationFile(directory, KEY)).toThrow(refused(/symbolic link/));
  });

  it.runIf(isRoot)('a directory of another user is refused', () => {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    chownSync(directory, 65534, 65534);
    expect(() => new InvitationFile(directory, KEY)).toThrow(refused(/belongs to user 65534/));
  });

  it.each([0o644, 0o620, 0o604])('a file of mode %o is refused', (mode) => {
    const file = prepared();
    chmodSync(file.path, mode);
    expect(() => file.read()).toThrow(refused(/open to other users .*remove it/));
  });

  it.runIf(isRoot)('a file of another user is refused', () => {
    const file = prepared();
    chownSync(file.path, 65534, 65534);
    expect(() => file.read()).toThrow(refused(/belongs to user 65534/));
  });

  it('a symbolic link is not followed, and publishing replaces the link, not what it leads to', () => {
    const file = prepared();
    const target = join(home, 'victim');
    renameSync(file.path, target);
    symlinkSync(target, file.path);
    expect(() => file.read()).toThrow(refused(/symbolic link/));
    file.publish(another);
    expect(file.read()).toEqual(another);
    expect(readFileSync(target, 'utf8')).toContain(invitation.secret);
  });

  it('a second name of a file (a hard link) is refused', () => {
    const file = prepared();
    linkSync(file.path, join(home, 'kept'));
    expect(() => file.read()).toThrow(refused(/second name/));
  });

  it('what is no file is refused', () => {
    const file = new InvitationFile(directory, KEY);
    mkdirSync(file.path);
    expect(() => file.read()).toThrow(refused(/no file/));
  });
});
