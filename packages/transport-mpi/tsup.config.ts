import { defineConfig } from 'tsup';

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    'build/index': 'src/build/index.ts',
    'build/workspace': 'src/build/workspace.ts',
  },
  format: 'esm',
  target: 'node22',
  sourcemap: true,
  clean: true,
});
