import { defineConfig } from 'tsup';
import { builtinModules } from '../../scripts/builtin-modules.ts';

export default defineConfig({
  entry: { index: 'src/index.ts', 'rendezvous/index': 'src/rendezvous/index.ts' },
  format: 'esm',
  esbuildPlugins: [builtinModules],
  target: 'node22',
  sourcemap: true,
  clean: true,
});
