// A crawl: from one installed package to all that it needs, directly or not. Tasks read a package and submit tasks for what
// it depends on, without knowing how deep it goes; an actor remembers what was seen, so that every package is read once.
//
//   node dependency-crawl.ts [package]        par run -np 4 dependency-crawl.ts [package]
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Actor, Client, initialize } from '@par/futures';

const start = process.argv[2] ?? '@arethetypeswrong/cli';

interface Package {
  readonly name: string;
  readonly directory: string;
  readonly bytes: number;
  readonly depth: number;
}

class Seen {
  readonly directories = new Set<string>();

  /** Those that nobody has asked about before: they are the asker's to read. */
  claim(directories: readonly string[]): string[] {
    const fresh = directories.filter((directory) => !this.directories.has(directory));
    for (const directory of fresh) this.directories.add(directory);
    return fresh;
  }
}

/** Where Node would find a package from a directory, links resolved; undefined if it is not installed. */
function find(name: string, from: string): string | undefined {
  for (let directory = from; ; directory = dirname(directory)) {
    const candidate = join(directory, 'node_modules', name);
    if (existsSync(candidate)) return realpathSync(candidate);
    if (dirname(directory) === directory) return undefined;
  }
}

/** Bytes of a package's own files. */
function sizeOf(directory: string): number {
  let bytes = 0;
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) bytes += entry.name === 'node_modules' ? 0 : sizeOf(path);
    else if (entry.isFile()) bytes += statSync(path).size;
  }
  return bytes;
}

function dependenciesOf(directory: string): string[] {
  const { dependencies = {} } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as {
    dependencies?: Record<string, string>;
  };
  return [...new Set(Object.keys(dependencies).flatMap((name) => find(name, directory) ?? []))];
}

/** Reads one package and, by further tasks, everything below it that nobody else reads. */
async function visit(directory: string, depth: number, seen: Actor<Seen>): Promise<Package[]> {
  const fresh = await seen.claim(dependenciesOf(directory));
  const client = new Client();
  const below = client.map(
    visit,
    fresh,
    fresh.map(() => depth + 1),
    fresh.map(() => seen),
  );
  const name = directory.slice(directory.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const own = { name, directory, bytes: sizeOf(directory), depth };
  return [own, ...(await client.gather(below)).flat()]; // while this task waits, its thread runs others
}

await initialize();
const client = new Client();
const root = find(start, import.meta.dirname);
if (root === undefined) throw new Error(`${start} is not installed here`);
const seen = await client.actor(Seen);
await seen.claim([root]);
const packages = await client.submit(visit, root, 0, seen);

const names = new Map(packages.map((one) => [one.directory, one]));
if (names.size !== packages.length) throw new Error('a package was read twice');
for (const { directory } of packages) {
  for (const dependency of dependenciesOf(directory)) {
    if (!names.has(dependency)) throw new Error(`${dependency} was missed`);
  }
}
const megabytes = packages.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6;
const largest = packages.toSorted((a, b) => b.bytes - a.bytes).slice(0, 3);
console.log(
  `${start} stands on ${packages.length - 1} packages, ${megabytes.toFixed(1)} MB with its own. The largest:`,
);
for (const { name, bytes, depth } of largest) {
  console.log(`  ${(bytes / 1e6).toFixed(1).padStart(6)} MB  ${name}, ${depth} ${depth === 1 ? 'step' : 'steps'} away`);
}
