import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { formatAddress, parseAddress } from '../address.ts';
import type { Reached } from '../join.ts';
import type { LinkSettings } from '../options.ts';
import { makeOwnDirectory } from '../own-directory.ts';
import { connectControl } from '../rendezvous/control.ts';
import { type Rendezvous, startRendezvous } from '../rendezvous/server.ts';
import { Credentials } from '../wire/handshake.ts';
import { addressTowards } from './route.ts';

/** What a rank must know to join: to be told to nobody but the ranks of this job. */
export interface Invitation {
  readonly address: string;
  readonly job: string;
  /** 64 hexadecimal digits. */
  readonly secret: string;
}

/** The other hosts of the job, in so far as they are known; `none`: all ranks are on this one. */
export type Peers = 'none' | readonly string[];

/** Longest a handshake with a rendezvous may take, in milliseconds: thousands of ranks may come at once. */
const HANDSHAKE_MS = 10_000;
/** After this time, or half of that to join, people are told who is missing, in milliseconds. */
const NOTICE_MS = 10_000;
const ADVICE =
  '(PAR_JOIN_TIMEOUT). One that has ended cannot be told from one that is slow; srun --kill-on-bad-exit ends the job with the first that fails';

/**
 * Starts the rendezvous in this process, which is rank 0: on a socket only this user can enter when all ranks are on one host,
 * otherwise on the interface that leads to the others. It stops listening once every rank has joined.
 */
export async function hold(
  settings: LinkSettings,
  peers: Peers,
  joinTimeout: number,
): Promise<{ readonly rendezvous: Rendezvous; readonly invitation: Invitation }> {
  const secret = randomBytes(32);
  const job = randomBytes(16).toString('hex');
  const directory = peers === 'none' ? makeOwnDirectory() : undefined;
  try {
    const listen =
      directory === undefined
        ? formatAddress({ family: 'tcp', host: settings.host ?? (await addressTowards(peers as string[])), port: 0 })
        : `unix:${join(directory.path, 'rendezvous')}`;
    const { size, secure, log } = settings;
    const say = log ?? ((line: string): void => void process.stderr.write(`par: ${line}\n`));
    const absence = {
      after: Math.min(NOTICE_MS, joinTimeout / 2),
      tell: (text: string): void => say(`${text}. The others wait ${joinTimeout / 1000} s ${ADVICE}`),
    };
    const rendezvous = await startRendezvous({ listen, size, job, secret, secure, log, joinTimeout, absence });
    rendezvous.complete
      .then(() => rendezvous.seal())
      .catch(() => {}) // whoever joins learns of it
      .finally(() => directory?.release());
    return { rendezvous, invitation: { address: rendezvous.address, job, secret: secret.toString('hex') } };
  } catch (error) {
    directory?.release();
    throw error;
  }
}

/** Follows an invitation. Rejects with Declined, or with why there is no genuine rendezvous at its address (any more). */
export async function accept(settings: LinkSettings, invitation: Invitation): Promise<Reached> {
  const secret = Buffer.from(invitation.secret, 'hex');
  const credentials = new Credentials(settings.rank, settings.size, invitation.job, secret, settings.secure);
  const control = await connectControl(parseAddress(invitation.address), credentials, HANDSHAKE_MS, 'rank 0');
  return { credentials, control, sockets: undefined };
}
