import { readFileSync } from 'node:fs';
import { UsageError } from '../usage-error.ts';
import { type HostRequest, parseHostTerm, readSlots } from './host-list.ts';

/**
 * A file with a host on every line: `n1`, `n1:4`, `n1 slots=4 max_slots=8`, `user@n[01-03]`, `#` comments: what the mpiruns and PBS
 * read and write. Throws UsageError with the line.
 */
export function readHostFile(path: string, option: string): HostRequest[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`${option} ${path}: ${(error as Error).message}`);
  }
  const hosts = text.split('\n').flatMap((line, at) => parseLine(line, `${option} ${path}, line ${at + 1}`));
  if (hosts.length === 0) throw new UsageError(`${option} ${path}: no host in it`);
  return hosts;
}

function parseLine(line: string, where: string): HostRequest[] {
  const [term, ...settings] = line.replace(/#.*/, '').trim().split(/\s+/);
  if (term === undefined || term === '') return [];
  let slots: number | undefined;
  let maxSlots: number | undefined;
  for (const setting of settings) {
    const match = /^(slots|cpu|max[_-]slots)=(.*)$/.exec(setting);
    if (!match) throw new UsageError(`${where}: "${setting}" is neither slots=N nor max_slots=N`);
    if (match[1]!.startsWith('max')) maxSlots = readSlots(match[2], where);
    else slots = readSlots(match[2], where);
  }
  return parseHostTerm(term, where).map((host) => ({ ...host, slots: slots ?? host.slots, maxSlots }));
}
