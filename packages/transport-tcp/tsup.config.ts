import { defineConfig } from 'tsup';

export default defineConfig({
  entry: { index: 'src/index.ts', 'rendezvous/index': 'src/rendezvous/index.ts' },
  format: 'esm',
  target: 'node22',
  sourcemap: true,
  clean: true,
});
