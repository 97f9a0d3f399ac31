import { UsageError } from '../usage-error.ts';

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** What a timer of Node can hold: 2^31 - 1 ms. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** `500ms`, `5s`, `10m`, `1.5h`, `2d`; a bare number is seconds. Returns milliseconds. */
export function parseDuration(text: string, option: string): number {
  const match = /^(\d+(?:\.\d+)?|\.\d+)(ms|s|m|h|d)?$/.exec(text);
  if (!match) throw new UsageError(`${option}: "${text}" is not a duration (write 500ms, 5s, 10m or 1h)`);
  const ms = Number(match[1]) * UNITS[(match[2] ?? 's') as keyof typeof UNITS];
  if (ms > LONGEST_TIMER) throw new UsageError(`${option}: "${text}" is too long (24d at most)`);
  return ms;
}

/** A count of ranks, or `auto`. */
export function parseCount(text: string, option: string): number | 'auto' {
  if (text === 'auto') return 'auto';
  const count = /^\d+$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > 65_536) {
    throw new UsageError(`${option}: "${text}" is not a number of ranks (1 to 65536, or auto)`);
  }
  return count;
}

export function parsePositive(text: string, option: string): number {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (number < 1) throw new UsageError(`${option}: "${text}" is not a number from 1`);
  return number;
}

export function parseRank(text: string, option: string): number {
  if (!/^\d+$/.test(text)) throw new UsageError(`${option}: "${text}" is not a rank`);
  return Number(text);
}

/** `0,4-7`: single ranks and inclusive ranges. */
export function parseRanks(text: string, option: string): { first: number; last: number }[] {
  return text.split(',').map((term) => {
    const match = /^(\d+)(?:-(\d+))?$/.exec(term);
    const first = Number(match?.[1]);
    const last = Number(match?.[2] ?? match?.[1]);
    if (!match || last < first) throw new UsageError(`${option}: "${term}" is not a rank or a range (write 0,4-7)`);
    return { first, last };
  });
}

export function parseChoice<T extends string>(text: string, choices: readonly T[], option: string): T {
  const choice = choices.find((candidate) => candidate === text);
  if (choice === undefined) {
    throw new UsageError(`${option}: "${text}" is none of ${choices.slice(0, -1).join(', ')} and ${choices.at(-1)}`);
  }
  return choice;
}

/** Splits the text of `--node-args` at blanks; quotes keep blanks inside an argument. */
export function splitWords(text: string, option: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (const char of text) {
    if (quote !== undefined) {
      if (char === quote) quote = undefined;
      else word += char;
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= '';
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? '') + char;
    }
  }
  if (quote !== undefined) throw new UsageError(`${option}: a quote (${quote}) is not closed`);
  if (word !== undefined) words.push(word);
  return words;
}
