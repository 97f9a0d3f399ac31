import { ParError } from '../errors.ts';

/** Slurm's own limit on one range. */
const MAX_RANGE = 65_536;
/** Two brackets multiply: a short text could otherwise name billions of hosts. */
const MAX_HOSTS = 1_048_576;
/** Longer numbers are no longer exact. */
const MAX_DIGITS = 15;

/** Text that is no hostlist, and where it stops being one. */
export class HostlistError extends ParError {
  /** Index of the offending character, from 0. */
  readonly position: number;
  constructor(text: string, position: number, why: string) {
    super('PAR_ARGUMENT', `${JSON.stringify(text)}, character ${position + 1}: ${why}`);
    this.position = position;
  }
}

/**
 * The hosts of a list in Slurm's grammar: `node[01-03,07],gpu[1-2]` are node01 node02 node03 node07 gpu1 gpu2. Order and
 * duplicates are kept, numbers padded as wide as the low end is written, the first bracket of a name varies slowest.
 * At most 65,536 hosts per range. Throws HostlistError (PAR_ARGUMENT) with the position.
 */
export function expandHostlist(text: string): string[] {
  const hosts: string[] = [];
  let position = 0;
  while (position < text.length) {
    if (isSeparator(text[position]!)) {
      position += 1;
      continue;
    }
    const term = readTerm(text, position);
    if (hosts.length + term.hosts.length > MAX_HOSTS) throw tooMany(text, position);
    for (const host of term.hosts) hosts.push(host);
    position = term.end;
  }
  return hosts;
}

function isSeparator(character: string): boolean {
  return character === ',' || character === ' ' || character === '\t' || character === '\n';
}

function readTerm(text: string, start: number): { hosts: string[]; end: number } {
  let hosts = [''];
  let position = start;
  while (position < text.length && !isSeparator(text[position]!)) {
    if (text[position] === ']') throw new HostlistError(text, position, 'a bracket is closed that was not opened');
    if (text[position] === '[') {
      const bracket = readBracket(text, position);
      if (hosts.length * bracket.numbers.length > MAX_HOSTS) throw tooMany(text, position);
      hosts = hosts.flatMap((host) => bracket.numbers.map((number) => host + number));
      position = bracket.end;
    } else {
      let end = position;
      while (end < text.length && !isSeparator(text[end]!) && text[end] !== '[' && text[end] !== ']') end += 1;
      const literal = text.slice(position, end);
      hosts = hosts.map((host) => host + literal);
      position = end;
    }
  }
  return { hosts, end: position };
}

function readBracket(text: string, open: number): { numbers: string[]; end: number } {
  const numbers: string[] = [];
  let position = open + 1;
  for (;;) {
    const low = readNumber(text, position);
    position += low.length;
    if (text[position] === '-') {
      const high = readNumber(text, position + 1);
      numbers.push(...rangeOf(text, position - low.length, low, high));
      position += 1 + high.length;
    } else {
      numbers.push(low);
    }
    if (text[position] === ']') return { numbers, end: position + 1 };
    if (text[position] !== ',') {
      const why = position < text.length ? `expected ',', '-' or ']'` : 'the bracket is never closed';
      throw new HostlistError(text, position, why);
    }
    position += 1;
  }
}

function readNumber(text: string, start: number): string {
  let end = start;
  while (end < text.length && text[end]! >= '0' && text[end]! <= '9') end += 1;
  if (end === start) {
    throw new HostlistError(text, start, start < text.length ? 'expected a number' : 'the bracket is never closed');
  }
  return text.slice(start, end);
}

function rangeOf(text: string, position: number, low: string, high: string): string[] {
  if (low.length > MAX_DIGITS || high.length > MAX_DIGITS) {
    throw new HostlistError(text, position, `the ends of a range have at most ${MAX_DIGITS} digits`);
  }
  const first = Number(low);
  const count = Number(high) - first + 1;
  if (count < 1) throw new HostlistError(text, position, `the range ${low}-${high} goes downwards`);
  if (count > MAX_RANGE)
    throw new HostlistError(text, position, `the range ${low}-${high} has more than ${MAX_RANGE} hosts`);
  return Array.from({ length: count }, (_, i) => String(first + i).padStart(low.length, '0'));
}

function tooMany(text: string, position: number): HostlistError {
  return new HostlistError(text, position, `the list has more than ${MAX_HOSTS} hosts`);
}

/**
 * Tasks of each node from SLURM_STEP_TASKS_PER_NODE: `2(x3),1` is [2, 2, 2, 1].
 * Throws HostlistError (PAR_ARGUMENT) with the position.
 */
export function expandTasksPerNode(text: string): number[] {
  const tasks: number[] = [];
  let position = 0;
  for (const part of text.split(',')) {
    const match = /^(\d{1,9})(?:\(x(\d{1,9})\))?$/.exec(part);
    if (match === null) throw new HostlistError(text, position, 'expected a number of tasks, such as 4 or 4(x2)');
    const nodes = match[2] === undefined ? 1 : Number(match[2]);
    if (nodes === 0) throw new HostlistError(text, position, 'a repetition of 0 nodes');
    if (tasks.length + nodes > MAX_HOSTS) throw tooMany(text, position);
    for (let i = 0; i < nodes; i++) tasks.push(Number(match[1]));
    position += part.length + 1;
  }
  return tasks;
}
