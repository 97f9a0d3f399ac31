import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RUN_OPTIONS } from '../src/command-line/options.ts';
import { parseRun, type RunOptions } from '../src/command-line/parse-run.ts';
import { UsageError } from '../src/usage-error.ts';

function parse(...argv: string[]): RunOptions {
  const options = parseRun(argv);
  if (options === 'help') throw new Error('help was not asked for');
  return options;
}

function refusal(...argv: string[]): string {
  try {
    parseRun(argv);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    expect((error as UsageError).status).toBe(125);
    expect((error as UsageError).message).not.toContain('\n');
    return (error as UsageError).message;
  }
  throw new Error(`accepted: ${argv.join(' ')}`);
}

test.each([['-np', '8'], ['-n', '8'], ['--np', '8'], ['--n', '8'], ['-np=8'], ['--np=8'], ['-n=8'], ['-n8'], ['-np8']])(
  '%s %s means eight ranks',
  (...option: string[]) => {
    expect(parse(...option, 'a.ts').segments[0]).toMatchObject({ count: 8, program: 'a.ts', args: [] });
  },
);

test('auto and nothing mean as many ranks as there are cores', () => {
  expect(parse('--np=auto', 'a.ts').segments[0]?.count).toBe('auto');
  expect(parse('a.ts').segments[0]?.count).toBe('auto');
});

test('everything after the script is passed on verbatim', () => {
  const word = fc.oneof(fc.string(), fc.constantFrom('-np', '--', '-x', '--help', '--output=json', '-n2', ''));
  fc.assert(
    fc.property(fc.array(word.filter((text) => text !== ':')), (args) => {
      expect(parse('-np', '3', 'script.ts', ...args).segments[0]).toMatchObject({
        count: 3,
        program: 'script.ts',
        args,
      });
    }),
  );
});

test('options keep their meaning in any order and spelling', () => {
  const options = [
    [['--timeout', '10m'], { timeoutMs: 600_000 }],
    [['-timeout=10m'], { timeoutMs: 600_000 }],
    [['--grace=500ms'], { graceMs: 500 }],
    [['--no-label'], { labels: false }],
    [['--output', 'json'], { output: 'json' }],
    [['--stdin', 'all'], { stdin: { kind: 'all' } }],
    [
      ['--ranks=0,4-7'],
      {
        ranks: [
          { first: 0, last: 0 },
          { first: 4, last: 7 },
        ],
      },
    ],
    [['--on-fail', 'wait'], { onFail: 'wait' }],
    [['--inspect=1'], { inspect: { flag: '--inspect', rank: 1 } }],
    [['--log-dir', '-dashes-'], { logDir: '-dashes-' }],
  ] as const;
  fc.assert(
    fc.property(fc.shuffledSubarray(options.map((_, i) => i)), (chosen) => {
      const parsed = parse(...chosen.flatMap((i) => options[i]![0]), '-np', '2', 's.js', '--timeout', '1s');
      for (const i of chosen) expect(parsed).toMatchObject(options[i]![1]);
      expect(parsed.segments[0]).toMatchObject({ count: 2, args: ['--timeout', '1s'] });
    }),
  );
});

test('several programs form one world and inherit what the first one says, except its count', () => {
  const { segments } = parse(
    '-np',
    '2',
    '-x',
    'A=1',
    '--wdir',
    '/tmp',
    'a.ts',
    'one',
    ':',
    '-n',
    '6',
    '-x',
    'B=2',
    'b.ts',
  );
  expect(segments).toMatchObject([
    { count: 2, program: 'a.ts', args: ['one'], wdir: '/tmp' },
    { count: 6, program: 'b.ts', args: [], wdir: '/tmp' },
  ]);
  expect(segments[1]?.environment).toEqual([
    { kind: 'set', name: 'A', value: '1' },
    { kind: 'set', name: 'B', value: '2' },
  ]);
});

test('after -- a lone colon is an argument', () => {
  expect(parse('-np', '2', '--', 'a.ts', ':', '-n', '1').segments).toMatchObject([{ args: [':', '-n', '1'] }]);
});

test('--node-args are split like words, quotes kept together', () => {
  const { segments } = parse('--node-args', `--expose-gc  --title="a b" '--x=c d'`, 'a.ts');
  expect(segments[0]?.nodeArgs).toEqual(['--expose-gc', '--title=a b', '--x=c d']);
});

test.each([
  [[], 'no program'],
  [['-np', '4'], 'no program'],
  [['-np'], '-np needs a value'],
  [['-np', '0', 'a.ts'], '"0"'],
  [['-np', 'four', 'a.ts'], '"four"'],
  [['-np', '-1', 'a.ts'], '"-1"'],
  [['-np', '1.5', 'a.ts'], '"1.5"'],
  [['--outptu', 'json', 'a.ts'], 'did you mean --output?'],
  [['--stack', 'a.ts'], 'did you mean --stack-on-timeout?'],
  [['--time-out', '3', 'a.ts'], 'did you mean --timeout?'],
  [['--output', 'xml', 'a.ts'], 'line, raw, group and json'],
  [['--no-label=yes', 'a.ts'], 'takes no value'],
  [['--timeout', 'soon', 'a.ts'], '10m'],
  [['--timeout', 'a.ts'], '"a.ts" is not a duration'],
  [['--timeout', '0', 'a.ts'], 'longer than 0'],
  [['--timeout', '25d', 'a.ts'], '24d'],
  [['--stack-on-timeout', 'a.ts'], '--timeout'],
  [['--ranks', '7-4', 'a.ts'], '"7-4"'],
  [['--stdin', 'some', 'a.ts'], '"some"'],
  [['-x', '=v', 'a.ts'], 'no variable name'],
  [['--node-args', '"open', 'a.ts'], 'not closed'],
  [['-np', '2', 'a.ts', ':'], 'missing after ":"'],
  [['-np', '2', 'a.ts', ':', 'b.ts'], '-np is missing before b.ts'],
  [['a.ts', ':', '-np', '2', 'b.ts'], '-np is missing before a.ts'],
  [['-N', '0', 'a.ts'], 'a number from 1'],
  [['--heartbeat', '100ms', 'a.ts'], '500ms or longer'],
])('%j is refused in one line that says %j', (argv, words) => {
  expect(refusal(...argv)).toContain(words);
});

test('nothing typed makes the parser fail in another way than by a refusal', () => {
  const token = fc.oneof(
    fc.constantFrom(
      ...RUN_OPTIONS.flatMap((option) => option.names.map((name) => `--${name}`)),
      ':',
      '--',
      '-',
      '=',
      'a.ts',
    ),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(token), (argv) => {
      try {
        parseRun(argv);
      } catch (error) {
        expect(error).toBeInstanceOf(UsageError);
      }
    }),
    { numRuns: 1000 },
  );
});
