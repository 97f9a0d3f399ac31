// Which words do people write in code? Counts every word of a directory of real files: the ranks pull files
// from rank 0's list, count on their own, trade words so that each rank owns a part of the alphabet, and add up.
//   par run -np 4 word-statistics.ts [directory]     (default: the packages this workspace has installed)
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, extname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { init, SUM, wtime } from '@par/comm-core';

const directory = resolve(process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), '../node_modules/.pnpm'));
const textual = new Set(['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts', '.md', '.txt', '.css', '.html', '.yml']);
const largest = 4 * 2 ** 20; // bytes; larger files are data
const batch = 64; // files handed out at a time

const world = await init();
const { rank, size } = world;
const started = wtime();

function textFiles(folder: string): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) found.push(...textFiles(path));
    else if (entry.isFile() && textual.has(extname(entry.name)) && statSync(path).size <= largest) found.push(path);
  }
  return found;
}

const mine = { files: 0, bytes: 0, words: 0 };
const counts = new Map<string, number>();
function count(path: string): void {
  const text = readFileSync(path);
  mine.files += 1;
  mine.bytes += text.length;
  for (const [word] of text.toString().matchAll(/\p{L}{3,24}/gu)) {
    const key = word.toLowerCase();
    counts.set(key, (counts.get(key) ?? 0) + 1);
    mine.words += 1;
  }
}

// Rank 0 hands out batches and, between two requests, counts files itself.
const ASK = 1;
const TAKE = 2;
let listed = 0;
if (rank === 0) {
  const files = textFiles(directory).sort();
  listed = files.length;
  console.log(
    `${listed.toLocaleString('en')} text files in ${relative(process.cwd(), directory) || '.'}, counted by ${size} ranks …`,
  );
  let next = 0;
  let working = size - 1;
  while (working > 0 || next < files.length) {
    const request = next < files.length ? world.iprobe({ tag: ASK }) : await world.probe({ tag: ASK });
    if (request) {
      await world.recv({ source: request.source, tag: ASK });
      const share = files.slice(next, next + batch);
      next += share.length;
      if (share.length === 0) working -= 1;
      await world.send(share, { dest: request.source, tag: TAKE });
    } else {
      const few = files.slice(next, next + 8);
      next += few.length;
      for (const path of few) count(path);
      await new Promise(setImmediate); // lets messages in
    }
  }
} else {
  for (;;) {
    const share = await world.sendrecv<string[]>(null, { dest: 0, source: 0, sendTag: ASK, recvTag: TAKE });
    if (share.length === 0) break;
    for (const path of share) count(path);
  }
}

// Every word has one owner; the ranks send each owner what they counted of its words.
const owner = (word: string): number => {
  let hash = 0;
  for (let i = 0; i < word.length; i++) hash = (hash * 31 + word.charCodeAt(i)) >>> 0;
  return hash % size;
};
const outgoing = Array.from({ length: size }, () => new Map<string, number>());
for (const [word, times] of counts) outgoing[owner(word)]!.set(word, times);
const owned = new Map<string, number>();
for (const part of await world.alltoall(outgoing)) {
  for (const [word, times] of part) owned.set(word, (owned.get(word) ?? 0) + times);
}

const byFrequency = ([a, m]: [string, number], [b, n]: [string, number]) => n - m || (a < b ? -1 : 1);
const top = await world.gather([...owned].sort(byFrequency).slice(0, 12));
const distinct = await world.allreduce(owned.size, SUM);
const shares = await world.gather(mine);
const ownedWords = await world.allreduce(
  [...owned.values()].reduce((a, b) => a + b, 0),
  SUM,
);
const elapsed = wtime() - started;

if (top && shares) {
  const total = shares.reduce((a, b) => ({
    files: a.files + b.files,
    bytes: a.bytes + b.bytes,
    words: a.words + b.words,
  }));
  if (total.files !== listed) throw new Error(`${total.files} files were counted, but there are ${listed}`);
  if (total.words !== ownedWords) throw new Error(`${total.words} words were counted, but ${ownedWords} arrived`);
  const best = top.flat().sort(byFrequency).slice(0, 12);
  const longest = best[0]?.[1] ?? 1;
  for (const [word, times] of best) {
    console.log(
      `  ${word.padEnd(12)} ${String(times.toLocaleString('en')).padStart(10)}  ${'█'.repeat(Math.ceil((times / longest) * 40))}`,
    );
  }
  const en = (x: number): string => Math.round(x).toLocaleString('en');
  console.log(
    `${en(total.words)} words, ${en(distinct)} different, in ${en(total.bytes / 1e6)} MB: ${elapsed.toFixed(1)} s, ${en(total.bytes / 1e6 / elapsed)} MB/s`,
  );
  console.log(`files per rank: ${shares.map((share) => en(share.files)).join(', ')}`);
}
