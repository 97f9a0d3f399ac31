import { defineConfig } from 'tsup';
import { builtinModules } from '../../scripts/builtin-modules.ts';

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    'conformance/index': 'src/conformance/index.ts',
    // The program of the ranks of a process job; the suite starts it from beside its own module.
    'conformance/rank': 'src/conformance/rank.ts',
    'memory/index': 'src/memory/index.ts',
    'transport/index': 'src/transport/index.ts',
  },
  format: 'esm',
  esbuildPlugins: [builtinModules],
  target: 'node22',
  sourcemap: true,
  clean: true,
});
