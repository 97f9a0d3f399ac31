import { expandHostlist, HostlistError } from '@par/comm-core';
import { UsageError } from '../usage-error.ts';

/** A host as asked for. */
export interface HostRequest {
  /** A name or a literal address, without brackets. */
  readonly name: string;
  readonly user: string | undefined;
  /** How many ranks it takes; undefined: nobody said. */
  readonly slots: number | undefined;
  /** More never run there; undefined: no limit. */
  readonly maxSlots: number | undefined;
}

/**
 * The value of --host: `n1`, `n1:4`, `user@n1`, Slurm's brackets `n[01-03]:2`, addresses `[::1]:4`, separated by commas. A bracket
 * with anything but digits, commas and dashes in it is an address. Throws UsageError.
 */
export function parseHostList(text: string, option: string): HostRequest[] {
  const hosts = splitTerms(text).flatMap((term) => parseHostTerm(term, option));
  if (hosts.length === 0) throw new UsageError(`${option}: "${text}" names no host`);
  return hosts;
}

/** One term of such a list, which names several hosts when it has brackets. Throws UsageError. */
export function parseHostTerm(term: string, option: string): HostRequest[] {
  const at = term.indexOf('@');
  const user = at < 0 ? undefined : term.slice(0, at);
  const { names, slots } = splitSlots(term.slice(at + 1), option);
  if (user !== undefined && !/^[\w.][\w.-]*$/.test(user))
    throw new UsageError(`${option}: "${term}" has no user in front of the @`);
  for (const name of names) {
    // A name that begins with a dash would be an option of ssh.
    if (!/^[\w.:%][\w.:%-]*$/.test(name)) throw new UsageError(`${option}: "${name}" is not the name of a host`);
  }
  return names.map((name) => ({ name, user, slots, maxSlots: undefined }));
}

function splitTerms(text: string): string[] {
  return (text.match(/(?:\[[^\]]*\]?|[^,\s[])+/g) ?? []).filter((term) => term !== '');
}

function splitSlots(text: string, option: string): { names: string[]; slots: number | undefined } {
  const address = /^\[([^\]]*[^\]\d,-][^\]]*)\](?::(.*))?$/.exec(text);
  if (address) return { names: [address[1]!], slots: readSlots(address[2], option) };
  // Several colons without brackets: an address that cannot have a number of slots.
  if (text.split(':').length > 2 && !text.includes('[')) return { names: [text], slots: undefined };
  const match = /^(.*?)(?::([^:\]]*))?$/.exec(text)!;
  try {
    return { names: expandHostlist(match[1]!), slots: readSlots(match[2], option) };
  } catch (error) {
    if (error instanceof HostlistError) throw new UsageError(`${option}: ${error.message}`);
    throw error;
  }
}

export function readSlots(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  const slots = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (slots < 1) throw new UsageError(`${option}: "${text}" is not a number of slots (1 or more)`);
  return slots;
}
