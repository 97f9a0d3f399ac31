import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { ParError } from '@par/comm-core';
import { hostIdentity } from '../host-identity.ts';
import type { LinkSettings } from '../options.ts';
import { accept, hold, type Invitation, type Peers } from './hold.ts';
import type { Meeting } from './meeting.ts';
import type { PmiClient } from './pmi-client.ts';

const INVITATION = 'par-invitation';

/** Meets through the key-value store of the launcher, which only the job's processes can read. Rejects with PAR_TRANSPORT. */
export async function meetThroughPmi(settings: LinkSettings, client: PmiClient, timeout: number): Promise<Meeting> {
  const timer = setTimeout(() => client.close(), timeout);
  try {
    await client.put(hostKey(settings.rank), `${hostname()}:${hostDigest()}`);
    await client.barrier();
    if (settings.rank !== 0) {
      await client.barrier();
      const invitation = decode(await client.get(INVITATION));
      await client.finalize();
      return { settings, reached: await accept(settings, invitation), held: undefined };
    }
    const { rendezvous, invitation } = await hold(settings, await peersOf(client, settings.size), timeout);
    try {
      await client.put(INVITATION, encode(invitation));
      await client.barrier();
      await client.finalize();
      return { settings, reached: await accept(settings, invitation), held: rendezvous };
    } catch (error) {
      void rendezvous.close();
      throw error;
    }
  } finally {
    clearTimeout(timer);
    client.close();
  }
}

function hostKey(rank: number): string {
  return `par-host-${rank}`;
}

function hostDigest(): string {
  return createHash('sha256').update(hostIdentity()).digest('hex').slice(0, 16);
}

async function peersOf(client: PmiClient, size: number): Promise<Peers> {
  const others = new Set<string>();
  for (let rank = 1; rank < size; rank++) {
    const [name, digest] = (await client.get(hostKey(rank))).split(':') as [string, string];
    if (digest !== hostDigest()) others.add(name);
  }
  return others.size === 0 ? 'none' : [...others];
}

/** Words of the protocol hold no spaces and no `=`-signs that matter: base64 keeps the rest out. */
function encode(invitation: Invitation): string {
  return Buffer.from(JSON.stringify(invitation)).toString('base64url');
}

function decode(text: string): Invitation {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString()) as Invitation;
  } catch (cause) {
    throw new ParError('PAR_PROTOCOL', 'what rank 0 left with the launcher is no invitation', { cause });
  }
}
