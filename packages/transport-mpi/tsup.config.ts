import { defineConfig } from 'tsup';
import { builtinModules } from '../../scripts/builtin-modules.ts';

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    'build/index': 'src/build/index.ts',
    'build/workspace': 'src/build/workspace.ts',
  },
  format: 'esm',
  esbuildPlugins: [builtinModules],
  target: 'node22',
  sourcemap: true,
  clean: true,
});
