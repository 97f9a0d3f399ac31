import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ParError } from '@par/comm-core';
import type { LinkSettings } from '../options.ts';
import { faultOf } from '../private-directory.ts';
import { Declined } from '../rendezvous/control.ts';
import { endedTasks, lostReason } from './ended-tasks.ts';
import { accept, hold, type Peers } from './hold.ts';
import { InvitationFile } from './invitation-file.ts';
import type { Meeting } from './meeting.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Pauses between two looks at the file, in milliseconds: all ranks of a job look at one file server. */
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 500;
const STAND_IN_MS = 4 * LONGEST_PAUSE_MS;

/**
 * The directory through which ranks that do not know each other yet meet: PAR_BOOTSTRAP_DIR; on one host the launcher's own directory
 * for this job, which it removes; otherwise one in the home directory, which clusters share between hosts.
 */
export function bootstrapDirectory(env: Environment, peers: Peers): string {
  if (env.PAR_BOOTSTRAP_DIR) return env.PAR_BOOTSTRAP_DIR;
  const session = env.PMIX_SERVER_TMPDIR;
  if (peers === 'none' && session && isPrivate(session)) return session;
  return join(homedir(), '.par', 'bootstrap');
}

function isPrivate(path: string): boolean {
  try {
    return faultOf(path) === undefined;
  } catch {
    return false;
  }
}

/** Meets through a file named after `key`. Rejects with PAR_ENVIRONMENT, and with PAR_TRANSPORT after `timeout` milliseconds. */
export async function meetThroughFile(
  settings: LinkSettings,
  directory: string,
  key: string,
  peers: Peers,
  timeout: number,
  env: Environment,
): Promise<Meeting> {
  const file = openFile(directory, key);
  if (settings.rank !== 0) {
    const lost = (rank: number): Promise<void> => standIn(settings, file, peers, lostReason(rank, env));
    return { settings, reached: await waitFor(settings, file, timeout, env, lost), held: undefined };
  }

  const { rendezvous, invitation } = await hold(settings, peers, timeout);
  const remove = (): void => file.remove(invitation);
  try {
    file.publish(invitation);
    process.once('exit', remove);
    rendezvous.complete
      .catch(() => {}) // whoever joins learns of it
      .finally(() => {
        process.off('exit', remove);
        remove();
      });
    return { settings, reached: await accept(settings, invitation), held: rendezvous };
  } catch (error) {
    void rendezvous.close();
    throw error;
  }
}

function openFile(directory: string, key: string): InvitationFile {
  try {
    return new InvitationFile(directory, key);
  } catch (cause) {
    throw new ParError(
      'PAR_ENVIRONMENT',
      `ranks meet through a file in a private directory that their hosts share: ${(cause as Error).message}. PAR_BOOTSTRAP_DIR names another one`,
      { cause },
    );
  }
}

/** Takes the place of rank 0, which will not come, for as long as ranks of other hosts need to find that out. */
async function standIn(settings: LinkSettings, file: InvitationFile, peers: Peers, reason: string): Promise<void> {
  if (peers === 'none') return;
  const { rendezvous, invitation } = await hold(settings, peers, STAND_IN_MS);
  rendezvous.abort(1, reason);
  file.publish(invitation);
  await pause(STAND_IN_MS);
  file.remove(invitation);
  await rendezvous.close();
}

/** An invitation that leads nowhere is that of an earlier job, which rank 0 is about to replace. */
async function waitFor(
  settings: LinkSettings,
  file: InvitationFile,
  timeout: number,
  env: Environment,
  lost: (rank: number) => Promise<void>,
): Promise<Meeting['reached']> {
  const deadline = performance.now() + timeout;
  let why = 'it did not appear';
  for (let wait = FIRST_PAUSE_MS; ; wait = Math.min(wait * 1.5, LONGEST_PAUSE_MS)) {
    const invitation = file.read();
    if (invitation !== undefined) {
      try {
        return await accept(settings, invitation);
      } catch (error) {
        if (error instanceof Declined) throw error;
        why = `what it says leads nowhere: ${(error as Error).message}`;
      }
    }
    if (performance.now() > deadline) {
      throw new ParError(
        'PAR_TRANSPORT',
        `rank ${settings.rank} of ${settings.size} waited ${timeout / 1000} s for rank 0 to publish ${file.path}: ${why}. ` +
          'Either rank 0 ended before it called init, or the hosts do not share this directory: PAR_BOOTSTRAP_DIR names one that they do',
      );
    }
    await pause(wait);
    if (wait < LONGEST_PAUSE_MS) continue;
    file.refresh();
    const [ended] = endedTasks(env);
    if (ended !== undefined) {
      await lost(ended);
      throw new ParError('PAR_PEER_LOST', lostReason(ended, env));
    }
  }
}
