// Loads TypeScript the way tsx does: through esbuild, with names kept and an inline source map.
import { readFileSync } from 'node:fs';
import { createRequire, registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

interface Transform {
  transformSync(source: string, options: object): { code: string };
}

const { transformSync } = createRequire(createRequire(import.meta.url).resolve('tsup'))('esbuild') as Transform;

registerHooks({
  load(url, context, next) {
    if (!url.startsWith('file:') || !url.endsWith('.ts')) return next(url, context);
    const file = fileURLToPath(url);
    const { code } = transformSync(readFileSync(file, 'utf8'), {
      loader: 'ts',
      format: 'esm',
      target: 'es2022',
      keepNames: true,
      sourcemap: 'inline',
      sourcefile: file,
    });
    return { format: 'module', source: code, shortCircuit: true };
  },
});
