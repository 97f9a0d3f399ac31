import { fileURLToPath } from 'node:url';

export const EPOCHS: string[] = ['2'];

/** Arguments that keep each example short, and a piece of what it must print. Each checks its own answer. */
export const programs: [script: string, args: string[], prints: (ranks: number) => RegExp][] = [
  ['hello.ts', [], (ranks) => new RegExp(`rank ${ranks - 1} of ${ranks}`)],
  ['ring.ts', [], (ranks) => new RegExp(`carries ${(ranks * (ranks - 1)) / 2}\\.`)],
  ['broadcast.ts', [], (ranks) => new RegExp(`rank ${ranks - 1} has wave`)],
  ['scatter-gather.ts', [], (ranks) => new RegExp(` ${2 * (4 * ranks - 1)}$`, 'm')],
  ['pi.ts', ['1000000'], () => /π ≈ 3\.14159265/],
  ['matrix-vector.ts', ['210'], () => /≈ 2\.0000/],
  [
    'cannon.ts',
    ['24'],
    (ranks) => {
      const side = Math.floor(Math.sqrt(ranks));
      return new RegExp(`${side}×${side} grid: every`);
    },
  ],
  ['heat.ts', ['48', '100'], () => /heat \d+\.\d+, error \d\.\de-1\d/],
  ['task-pull.ts', ['40'], () => /longest sequence has 111 steps/],
  ['whitening.ts', ['10'], (ranks) => new RegExp(`10 images whitened in ${Math.ceil(10 / ranks)} rounds`)],
  ['spectrograms.ts', ['21'], () => /1: 5, 2: 4, 3: 4, 4: 4, 5: 4/],
  ['sequential.ts', [], (ranks) => new RegExp(`rank ${ranks - 1} was here`)],
  [
    'word-statistics.ts',
    [fileURLToPath(new URL('../../packages/comm-core', import.meta.url))],
    () => /words, [\d,]+ different/,
  ],
  ['train-mnist.ts', EPOCHS, () => /accuracy \d\d\.\d\d % after 2 epochs/],
];
