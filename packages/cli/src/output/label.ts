import { styleText } from 'node:util';

const COLOURS = ['cyan', 'yellow', 'green', 'magenta', 'blue', 'cyanBright', 'yellowBright', 'greenBright'] as const;

/** `[3] `; on a terminal as wide as the longest, each rank in a colour of its own (NO_COLOR is obeyed). */
export function label(rank: number, size: number, stream: NodeJS.WriteStream): string {
  if (!stream.isTTY) return `[${rank}] `;
  const padded = `[${String(rank).padStart(String(size - 1).length)}]`;
  return `${styleText(COLOURS[rank % COLOURS.length]!, padded, { stream })} `;
}
