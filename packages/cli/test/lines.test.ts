import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { label } from '../src/output/label.ts';
import { LineOutput } from '../src/output/line-output.ts';
import { Sink } from '../src/output/sink.ts';

interface Screen {
  readonly output: LineOutput;
  text(): string;
}

function screen(): Screen {
  const stream = new PassThrough();
  let text = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const sink = new Sink(stream as unknown as NodeJS.WriteStream, () => {});
  const output = new LineOutput({
    sinks: { stdout: sink, stderr: sink },
    shared: true,
    timestamps: false,
    label: (rank) => `[${rank}] `,
  });
  return { output, text: () => text };
}

const line = fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\n', ''));
const writer = fc.record({ lines: fc.array(line), last: line });

test('however the bytes of several ranks are cut and mixed, each line comes out whole and labelled, in its rank’s order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(writer, { minLength: 1, maxLength: 4 }),
      fc.infiniteStream(fc.nat(1000)),
      async (ranks, dice) => {
        const { output, text } = screen();
        const left = ranks.map(({ lines, last }) => Buffer.from([...lines, last].join('\n')));
        const roll = () => dice.next().value as number;
        while (left.some((bytes) => bytes.length > 0)) {
          const rank = roll() % left.length;
          const size = 1 + (roll() % 7);
          const bytes = left[rank]!;
          if (bytes.length > 0) output.write(rank, 'stdout', bytes.subarray(0, size));
          left[rank] = bytes.subarray(size);
        }
        for (const rank of ranks.keys()) output.end(rank, 'stdout');
        await output.finish();
        await new Promise((resolve) => setImmediate(resolve));
        const shown = text().split('\n');
        if (shown.at(-1) === '') shown.pop();
        ranks.forEach(({ lines, last }, rank) => {
          const mine = shown.filter((shownLine) => shownLine.startsWith(`[${rank}] `));
          const expected = [...lines, ...(last === '' ? [] : [last])].map((words) => `[${rank}] ${words}`);
          expect(mine).toEqual(expected);
        });
      },
    ),
  );
});

test('par’s own words never continue a rank’s unfinished line', async () => {
  const { output, text } = screen();
  output.write(0, 'stderr', Buffer.from('unfinished'));
  output.end(0, 'stderr');
  output.report('par: words');
  await new Promise((resolve) => setImmediate(resolve));
  expect(text()).toBe('[0] unfinished\npar: words\n');
});

test('labels are padded and coloured on a terminal only', () => {
  const terminal = Object.assign(new PassThrough(), { isTTY: true, getColorDepth: () => 8, hasColors: () => true });
  const coloured = (rank: number) => label(rank, 12, terminal as unknown as NodeJS.WriteStream);
  expect(label(3, 12, new PassThrough() as unknown as NodeJS.WriteStream)).toBe('[3] ');
  expect(stripVTControlCharacters(coloured(3))).toBe('[ 3] ');
  expect(coloured(3)).not.toBe(coloured(4).replace('4]', '3]'));
});
