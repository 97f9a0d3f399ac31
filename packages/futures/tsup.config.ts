import { defineConfig } from 'tsup';

export default defineConfig({
  entry: {'closures/index':'src/closures/index.ts'},
  format: 'esm',
  target: 'node22',
  sourcemap: true,
  clean: true,
});
