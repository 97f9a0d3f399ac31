import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UsageError } from '../usage-error.ts';

/** What '@par/transport-mpi/build' exports. */
export type MpiTools = typeof import('@par/transport-mpi/build');

/** An installed @par/transport-mpi. */
export interface MpiPackage {
  readonly tools: MpiTools;
  /** URL of the transport's module, for programs that did not install it. */
  readonly module: string;
}

const NAME = '@par/transport-mpi';

/** Loads @par/transport-mpi from the folder of `script` or, failing that, from par's own. Throws UsageError when neither has it. */
export async function loadMpiPackage(script: string): Promise<MpiPackage> {
  const found = findMpiPackage(script);
  if (found === undefined) throw new UsageError(`${NAME} is not installed; run: npm install ${NAME}`);
  return { tools: (await import(found.build)) as MpiTools, module: found.module };
}

/** Where it is, as URLs; undefined when it is not installed. */
export function findMpiPackage(script: string): { readonly build: string; readonly module: string } | undefined {
  for (const place of [pathToFileURL(resolve(script)).href, import.meta.url]) {
    const require = createRequire(place);
    try {
      const url = (specifier: string): string => pathToFileURL(require.resolve(specifier)).href;
      return { build: url(`${NAME}/build`), module: url(NAME) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  return undefined;
}
