import { fileURLToPath } from 'node:url';
import { defineConfig } from 'tsup';
import { builtinModules } from '../../scripts/builtin-modules.ts';

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    bin: 'src/bin.ts',
    agent: 'src/agent/main.ts',
    preload: 'src/rank/preload.ts',
    'report-exit': 'src/rank/report-exit.ts',
  },
  format: 'esm',
  esbuildPlugins: [builtinModules],
  target: 'node22',
  sourcemap: true,
  clean: true,
  // The rendezvous and what it needs are bundled, from the sources so that modules nobody uses fall away: loading both
  // packages whole takes longer than all else the launcher does before the first rank starts. Ranks load them themselves.
  noExternal: [/^@par\//],
  esbuildOptions(options) {
    options.alias = {
      '@par/comm-core': source('../comm-core/src/index.ts'),
      '@par/transport-tcp/rendezvous': source('../transport-tcp/src/rendezvous/index.ts'),
    };
  },
});
