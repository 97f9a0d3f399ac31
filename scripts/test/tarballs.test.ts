import { execFile } from 'node:child_process';
import { glob, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const pnpm = join(root, 'node_modules/.bin/pnpm');

/** A stranger's machine: nothing of the workspace's environment, only Node and npm. */
const env = Object.fromEntries(
  Object.entries(process.env).filter(([key]) => !/^(npm_|par_|vitest|node_options)/i.test(key)),
);

describe('packages installed from their tarballs in an empty folder', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'par-consumer-'));
    const tarballs: string[] = [];
    for (const name of ['comm-core', 'transport-tcp', 'cli']) {
      const { stdout } = await run(pnpm, ['pack', '--json', '--pack-destination', folder], {
        cwd: join(root, 'packages', name),
        env,
      });
      const { filename } = JSON.parse(stdout) as { filename: string };
      tarballs.push(filename);
    }
    await writeFile(join(folder, 'package.json'), '{ "type": "module", "private": true }\n');
    await run('npm', ['install', '--no-audit', '--no-fund', ...tarballs], { cwd: folder, env });
  }, 300_000);

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('runs hello.ts on 8 ranks with npx par run', async () => {
    await writeFile(
      join(folder, 'hello.ts'),
      `import { init, SUM } from '@par/comm-core';
const world = await init();
const sum: number = await world.allreduce(world.rank, SUM);
console.log(\`rank \${world.rank} of \${world.size} over \${world.transport}: \${sum}\`);
`,
    );
    const { stdout } = await run('npx', ['par', 'run', '-np', '8', 'hello.ts'], { cwd: folder, env });
    for (let rank = 0; rank < 8; rank++) expect(stdout).toContain(`rank ${rank} of 8 over tcp: 28`);
  });

  it('runs a program alone, without a launcher', async () => {
    await writeFile(
      join(folder, 'alone.ts'),
      `import { init } from '@par/comm-core';
const world = await init();
console.log(\`\${world.size} rank over \${world.transport}\`);
`,
    );
    const { stdout } = await run(process.execPath, ['alone.ts'], { cwd: folder, env });
    expect(stdout).toBe('1 rank over memory\n');
  });
});

it('what is built imports no module of Node’s, which would read all it exports, and load that', async () => {
  const imports: string[] = [];
  for await (const file of glob('packages/*/dist/**/*.js', { cwd: root })) {
    for (const [, module] of (await readFile(join(root, file), 'utf8')).matchAll(/^(?:import|}) .*["'](.+)["'];$/gm))
      if (isBuiltin(module!)) imports.push(`${file}: ${module}`);
  }
  expect(imports).toEqual([]);
});
