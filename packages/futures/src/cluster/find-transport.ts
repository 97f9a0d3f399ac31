import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { FuturesError } from '../client/errors.ts';

/**
 * URL of an optional neighbour: found from the program's own folder first, which package managers that isolate packages need.
 * `user`: what needs it. Throws PAR_LOCAL_CLUSTER.
 */
export function findTransport(specifier: string, user: string): string {
  const places = [process.argv[1] && pathToFileURL(process.argv[1]).href, import.meta.url];
  for (const place of places) {
    if (!place) continue;
    try {
      return pathToFileURL(createRequire(place).resolve(specifier)).href;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'MODULE_NOT_FOUND' && code !== 'ERR_MODULE_NOT_FOUND') throw error;
    }
  }
  throw new FuturesError(
    'PAR_LOCAL_CLUSTER',
    `initialize: ${user} needs @par/transport-tcp, which is not installed; run: npm install @par/transport-tcp`,
  );
}
