import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, extname, join, resolve } from 'node:path';
import { UsageError } from '../usage-error.ts';

const SCRIPT_EXTENSIONS = new Set(['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts']);

/** Loaded by every Node rank before its script. */
export const PRELOAD = new URL('preload.js', import.meta.url).href;

/** What is executed for a program as typed. */
export interface Program {
  readonly kind: 'node' | 'executable';
  readonly file: string;
  /** Arguments for node itself that come before the script. */
  readonly nodeArgs: readonly string[];
  /** The script as typed, or nothing for an executable. */
  readonly script: readonly string[];
}

/**
 * JavaScript and TypeScript files run under the Node that runs par, `node` means that Node too; anything else runs as it is, found
 * in `cwd` when it has a slash and else on PATH. Throws UsageError 127 (not found) or 126 (not executable), as shells do.
 */
export function resolveProgram(name: string, cwd: string, path: string | undefined): Program {
  const program = assumeProgram(name);
  if (program.kind === 'executable') return { ...program, file: findExecutable(name, cwd, path) };
  if (program.script.length > 0) checkFile(name, resolve(cwd, name), constants.R_OK, 'cannot be read');
  return program;
}

/** The same for a host that has not been looked at: nothing is checked, an executable is what the host finds by that name. */
export function assumeProgram(name: string): Program {
  const isScript = SCRIPT_EXTENSIONS.has(extname(name));
  if (!isScript && name !== 'node') return { kind: 'executable', file: name, nodeArgs: [], script: [] };
  return {
    kind: 'node',
    file: process.execPath,
    nodeArgs: ['--import', PRELOAD],
    script: isScript ? [name] : [],
  };
}

function checkFile(name: string, file: string, mode: number, problem: string): void {
  let isDirectory: boolean;
  try {
    isDirectory = statSync(file).isDirectory();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') throw new UsageError(`${name}: permission denied`, 126);
    throw new UsageError(`${name}: not found`, 127);
  }
  if (isDirectory) throw new UsageError(`${name}: is a directory`, 126);
  try {
    accessSync(file, mode);
  } catch {
    throw new UsageError(`${name}: ${problem}`, 126);
  }
}

function findExecutable(name: string, cwd: string, path: string | undefined): string {
  if (name.includes('/')) {
    const file = resolve(cwd, name);
    checkFile(name, file, constants.X_OK, 'not executable (chmod +x, or give it a .js or .ts ending)');
    return file;
  }
  let refusal: UsageError | undefined;
  for (const directory of (path ?? '/usr/local/bin:/usr/bin:/bin').split(delimiter)) {
    const file = resolve(cwd, join(directory, name));
    try {
      checkFile(name, file, constants.X_OK, 'not executable');
      return file;
    } catch (error) {
      if ((error as UsageError).status === 126) refusal ??= error as UsageError;
    }
  }
  try {
    statSync(resolve(cwd, name));
  } catch {
    throw refusal ?? new UsageError(`${name}: not found`, 127);
  }
  throw refusal ?? new UsageError(`${name}: not found on PATH; for the one in this directory write ./${name}`, 127);
}
