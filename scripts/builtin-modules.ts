import { readFile } from 'node:fs/promises';
import type { Options } from 'tsup';

type Plugin = NonNullable<Options['esbuildPlugins']>[number];

/**
 * What `dist` needs of Node it asks of `process.getBuiltinModule`. An `import` of a module of Node's reads all that it exports, and that
 * loads what nobody asked for: streams for `fs`, Web Crypto for `crypto`. It is a quarter of the time that @par/comm-core takes to load.
 */
export const builtinModules: Plugin = {
  name: 'builtin-modules',
  setup(build) {
    build.onLoad({ filter: /\/src\/.*\.ts$/ }, async ({ path }) => ({
      loader: 'ts',
      contents: (await readFile(path, 'utf8')).replace(
        /^import (?:\{([^}]*)\}|\* as (\w+)) from ('node:[^']+');$/gm,
        (_, names: string | undefined, all: string | undefined, module: string) => {
          const wanted = all ?? `{${names!.replace(/\btype \w+,?/g, '').replace(/ as /g, ': ')}}`;
          return `const ${wanted} = process.getBuiltinModule(${module});`;
        },
      ),
    }));
  },
};
