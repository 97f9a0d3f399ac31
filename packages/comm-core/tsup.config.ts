import { defineConfig } from 'tsup';

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    'conformance/index': 'src/conformance/index.ts',
    'memory/index': 'src/memory/index.ts',
    'transport/index': 'src/transport/index.ts',
  },
  format: 'esm',
  target: 'node22',
  sourcemap: true,
  clean: true,
});
