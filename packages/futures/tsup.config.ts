import { defineConfig } from 'tsup';
import { builtinModules } from '../../scripts/builtin-modules.ts';

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    'closures/index': 'src/closures/index.ts',
    // What tasks of this package's own import by name.
    'client/produce': 'src/client/produce.ts',
    // Programs of processes and threads that this package starts.
    'cluster/member-process': 'src/cluster/member-process.ts',
    'cluster/seat-process': 'src/cluster/seat-process.ts',
    'worker/thread': 'src/worker/thread.ts',
    'worker/worker-process': 'src/worker/worker-process.ts',
  },
  format: 'esm',
  esbuildPlugins: [builtinModules],
  target: 'node22',
  sourcemap: true,
  clean: true,
});
