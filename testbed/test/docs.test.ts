import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { read } from '../../scripts/test/page.ts';
import { describeSlurm, slurm } from './cluster.ts';

const root = dirname(dirname(import.meta.dirname));

describeSlurm('docs/slurm.md', () => {
  const { programs, commands } = read(join(root, 'docs/slurm.md'));

  it('runs every command it shows, in order, in a folder that has par installed', { timeout: 200_000 }, async () => {
    const folder = join(slurm.home, 'docs');
    mkdirSync(folder);
    symlinkSync(join(root, 'examples/node_modules'), join(folder, 'node_modules'));
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
    for (const { file, text } of programs) writeFileSync(join(folder, file), text);
    const env = { PATH: `${join(folder, 'node_modules/.bin')}:${dirname(process.execPath)}:${process.env.PATH}` };
    for (const command of commands) {
      const { status, stdout, stderr } = await slurm.run(['sh', '-c', command], { env, cwd: folder });
      expect(status, `${command}\n${stdout}${stderr}`).toBe(0);
      if (command === 'node stop.ts')
        expect(stdout).toBe('5 workers were there: three of workers.sh, two of more.sh\n');
      if (command === 'cat job.out') expect(stdout).toMatch(/rank 5 of 6 on n3: together 15/);
    }
  });
});
