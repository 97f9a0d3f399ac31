import { enableCompileCache } from 'node:module';

/**
 * Node keeps what it compiles of the program and its modules, types of TypeScript stripped, for the next run: a third of what a rank needs to
 * start. In the user's own folder, because Node trusts what it finds there. NODE_COMPILE_CACHE and NODE_DISABLE_COMPILE_CACHE count more;
 * where nothing can be written, Node goes on without. Counts of coverage would be less precise, as Node's documentation says.
 */
export function cacheCompiled({ XDG_CACHE_HOME, HOME, NODE_V8_COVERAGE }: NodeJS.ProcessEnv): void {
  const cache = XDG_CACHE_HOME || (HOME && `${HOME}/.cache`);
  if (cache && !NODE_V8_COVERAGE) enableCompileCache(`${cache}/par/compile`);
}
