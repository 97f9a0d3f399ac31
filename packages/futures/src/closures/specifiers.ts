import { existsSync, realpathSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, extname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** A module as another process can find it: `from` only for bare specifiers. */
export interface ModuleReference {
  readonly module: string;
  readonly from?: string;
}

function asUrl(path: string): string {
  return pathToFileURL(path).href;
}

/**
 * Vite names files from its root (`/src/a.ts`) or with `/@fs/`; the root is some folder above the importing file.
 */
function rootedFile(specifier: string, from: string): string | undefined {
  if (specifier.startsWith('/@fs/')) return specifier.slice('/@fs'.length);
  if (existsSync(specifier)) return specifier;
  if (!from.startsWith('file:')) return undefined;
  for (let folder = dirname(fileURLToPath(from)); ; folder = dirname(folder)) {
    const candidate = join(folder, specifier);
    if (existsSync(candidate)) return candidate;
    if (folder === dirname(folder)) return undefined;
  }
}

/** Make a specifier written in the module at `from` independent of where it is used. */
export function absoluteSpecifier(specifier: string, from: string): ModuleReference {
  if (specifier.startsWith('node:')) return { module: specifier };
  if (isBuiltin(specifier)) return { module: `node:${specifier}` };
  if (/^\.\.?(\/|$)/.test(specifier)) return { module: new URL(specifier, from).href };
  if (specifier.startsWith('/')) {
    const file = rootedFile(specifier, from);
    return { module: file === undefined ? specifier : asUrl(file) };
  }
  if (/^[a-z][a-z0-9+.-]*:/i.test(specifier)) return { module: specifier };
  return { module: specifier, from };
}

const NODE_LOADS = new Set(['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts', '.json', '.node', '.wasm']);

const realFiles = new Map<string, string>();

function realFile(path: string): string {
  let real = realFiles.get(path);
  if (real === undefined) {
    try {
      real = realpathSync(path);
    } catch {
      real = path;
    }
    realFiles.set(path, real);
  }
  return real;
}

let entryArgument: string | undefined;
let entryFile: string | undefined;

/** The script this process or thread was started with. Extensions may be left out on the command line. */
function entry(): string | undefined {
  const argument = process.argv[1];
  if (argument !== entryArgument) {
    entryArgument = argument;
    const candidates =
      argument === undefined ? [] : ['', ...NODE_LOADS].map((extension) => resolve(argument + extension));
    const found = candidates.find((candidate) => existsSync(candidate));
    entryFile = found === undefined ? undefined : realFile(found);
  }
  return entryFile;
}

/** The test file vitest is running in this thread: as little importable elsewhere as an entry script. */
function vitestFile(): string | undefined {
  const worker: unknown = Reflect.get(globalThis, '__vitest_worker__');
  const filepath: unknown = typeof worker === 'object' && worker !== null ? Reflect.get(worker, 'filepath') : undefined;
  return typeof filepath === 'string' ? filepath : undefined;
}

/** Whether another process can import the module at this URL: a module file other than the entry script. */
export function isImportable(url: string): boolean {
  if (url.startsWith('node:') || url.startsWith('data:')) return true;
  if (!url.startsWith('file:')) return false;
  const file = fileURLToPath(url.split('?')[0]!);
  if (!NODE_LOADS.has(extname(file))) return false;
  const real = realFile(file);
  const test = vitestFile();
  return real !== entry() && (test === undefined || real !== realFile(test));
}
