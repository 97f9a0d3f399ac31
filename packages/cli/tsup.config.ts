import { defineConfig } from 'tsup';

export default defineConfig({
  entry: { index: 'src/index.ts', bin: 'src/bin.ts', 'blocking-stdio': 'src/rank/blocking-stdio.ts' },
  format: 'esm',
  target: 'node22',
  sourcemap: true,
  clean: true,
});
