import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { quote } from '../src/command-line/quote.ts';
import { parseSubmit } from '../src/submit/request.ts';
import { jobScript } from '../src/submit/script.ts';
import { UsageError } from '../src/usage-error.ts';

const script = (...args: string[]): string[] =>
  jobScript(parseSubmit(args, { PASSED: 'on it' }), '/opt/node', '/opt/par.js').split('\n');

const WORDS = ['-N', '3', '--ppn', '2', '--time', '90m', '--queue', 'long', '--account', 'me', '--module', 'gcc/12'];

test('a Slurm job: nodes, tasks, time, queue, account, output, modules, environment, program', () => {
  expect(script('slurm', ...WORDS, '-x', 'A=b c', '-x', 'PASSED', 'train.ts', '--now', 'x y')).toEqual([
    '#!/bin/bash',
    '#SBATCH --job-name=train',
    '#SBATCH --nodes=3',
    '#SBATCH --ntasks-per-node=2',
    '#SBATCH --output=train.%j.out',
    '#SBATCH --time=01:30:00',
    '#SBATCH --partition=long',
    '#SBATCH --account=me',
    'set -e',
    `cd ${process.cwd()}`,
    'module load gcc/12',
    "export A='b c'",
    "export PASSED='on it'",
    "exec /opt/node /opt/par.js run -- train.ts --now 'x y'",
    '',
  ]);
});

test('the same for PBS', () => {
  expect(script('pbs', ...WORDS, '-o', 'out.txt', '--name', 'night', 'train.ts').slice(1, 8)).toEqual([
    '#PBS -N night',
    '#PBS -l select=3:ncpus=2:mpiprocs=2',
    '#PBS -j oe',
    '#PBS -o out.txt',
    '#PBS -l walltime=01:30:00',
    '#PBS -q long',
    '#PBS -A me',
  ]);
});

test('srun starts the ranks where that is asked for', () => {
  expect(script('slurm', '--launcher', 'srun', 'train.ts').at(-2)).toBe(
    'exec srun --kill-on-bad-exit /opt/node train.ts',
  );
  expect(script('slurm', '--launcher', 'srun', './a.out', 'x').at(-2)).toBe('exec srun --kill-on-bad-exit ./a.out x');
});

test.each([
  [['lsf', 'a.ts'], 'slurm and pbs'],
  [['slurm'], 'no program'],
  [['slurm', '-N', '0', 'a.ts'], 'a number from 1'],
  [['slurm', '--nodes'], 'argument'],
  [['slurm', '--wrong', 'a.ts'], '--wrong'],
  [['slurm', '--name', 'a\n#SBATCH --uid=0', 'a.ts'], 'no job'],
  [['pbs', '--launcher', 'srun', 'a.ts'], 'no srun'],
  [['slurm', '-x', 'UNSET', 'a.ts'], 'not set here'],
])('%j is refused: %s', (args, words) => {
  expect(() => parseSubmit(args, {})).toThrow(UsageError);
  expect(() => parseSubmit(args, {})).toThrow(words);
});

test('every word comes out of a shell as it went in', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.string().filter((word) => !word.includes('\0')),
        { minLength: 1 },
      ),
      (words) => {
        const { stdout } = spawnSync('sh', ['-c', `printf '%s\\0' ${words.map(quote).join(' ')}`], {
          encoding: 'utf8',
        });
        expect(stdout.split('\0').slice(0, -1)).toEqual(words);
      },
    ),
    { numRuns: 30 },
  );
});
