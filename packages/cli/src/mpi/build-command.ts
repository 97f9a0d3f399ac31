import { existsSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import type { BadWrapper, Wrapper } from '@par/transport-mpi/build';
import { UsageError } from '../usage-error.ts';
import { loadMpiPackage, type MpiTools } from './package.ts';

const NO_WRAPPER =
  'no MPI to build for: no mpicxx on PATH; load your cluster’s MPI module, name the wrapper with --mpicxx PATH, or install one ' +
  '(Debian: apt-get install libopenmpi-dev or libmpich-dev)';

interface BuildOptions {
  readonly mpicxx: string | undefined;
  readonly force: boolean;
}

/** `par mpi build`: compiles the addon for every MPI found, or the named one, into the cache. Returns what was done. Throws UsageError. */
export async function buildAddons(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const { mpicxx, force } = parse(argv);
  const { tools } = await loadMpiPackage('.');
  const { found, bad } = wrappers(tools, mpicxx, env);
  const problems = bad.map(({ path, problem }) => `${path}: ${problem}`);
  if (found.length === 0) throw new UsageError([...problems, NO_WRAPPER].join('\npar mpi build: '));
  const folder = tools.addonCacheFolder(env);
  const lines: string[] = [];
  for (const wrapper of found) {
    try {
      lines.push(build(tools, wrapper, folder, force, env));
    } catch (error) {
      problems.push((error as Error).message);
    }
  }
  if (lines.length === 0) throw new UsageError(problems.join('\n'));
  return [...lines, ...problems.map((problem) => `of no use: ${problem}`), ''].join('\n');
}

function parse(argv: readonly string[]): BuildOptions {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: { mpicxx: { type: 'string' }, force: { type: 'boolean', default: false } },
    });
    return { mpicxx: values.mpicxx, force: values.force };
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split('.')[0]} (par mpi build [--mpicxx PATH] [--force])`);
  }
}

function wrappers(tools: MpiTools, mpicxx: string | undefined, env: NodeJS.ProcessEnv) {
  if (mpicxx === undefined) return tools.discoverWrappers(env);
  const wrapper = tools.inspectWrapper(mpicxx, env);
  if (wrapper === undefined) throw new UsageError(`--mpicxx ${mpicxx}: no such executable`);
  return 'problem' in wrapper
    ? { found: [] as Wrapper[], bad: [wrapper] }
    : { found: [wrapper], bad: [] as BadWrapper[] };
}

function build(tools: MpiTools, wrapper: Wrapper, folder: string, force: boolean, env: NodeJS.ProcessEnv): string {
  let built = tools.buildAddon(wrapper, folder, env);
  if (built.reused && force) {
    rmSync(dirname(built.path), { recursive: true });
    built = tools.buildAddon(wrapper, folder, env);
  }
  if (!existsSync(built.path)) throw new Error(`${wrapper.path}: no addon at ${built.path}`);
  return `${wrapper.library} (${wrapper.path}): ${built.reused ? 'up to date' : 'built'} ${built.path}`;
}
