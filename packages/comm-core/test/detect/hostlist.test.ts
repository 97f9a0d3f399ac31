import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expandHostlist, expandTasksPerNode, HostlistError } from '../../src/detect/index.ts';

describe('expandHostlist', () => {
  it.each([
    ['node[01-03,07],gpu[1-2]', 'node01 node02 node03 node07 gpu1 gpu2'],
    ['n[9-11]', 'n9 n10 n11'],
    ['n[08-11]', 'n08 n09 n10 n11'],
    ['n[098-102]', 'n098 n099 n100 n101 n102'],
    ['p[00-3]p', 'p00p p01p p02p p03p'],
    ['n[1-003]', 'n1 n2 n3'],
    ['rack[1-2]node[01-02]', 'rack1node01 rack1node02 rack2node01 rack2node02'],
    ['foo[1,3]-bar', 'foo1-bar foo3-bar'],
    ['c[1-2].ib0.example.org', 'c1.ib0.example.org c2.ib0.example.org'],
    ['node[7]', 'node7'],
    ['[1-3]', '1 2 3'],
    ['[00-02]p', '00p 01p 02p'],
    ['14636', '14636'],
    [',a,,b,', 'a b'],
    ['a b', 'a b'],
    ['a\tb\nc', 'a b c'],
    ['a,a', 'a a'],
    ['', ''],
    ['f0010001[07-08]', 'f001000107 f001000108'],
    ['n[1-2,5,7-9]x[1-2]', 'n1x1 n1x2 n2x1 n2x2 n5x1 n5x2 n7x1 n7x2 n8x1 n8x2 n9x1 n9x2'],
  ])('%j is %s', (text, hosts) => {
    expect(expandHostlist(text)).toEqual(hosts.split(' ').filter(Boolean));
  });

  it.each([
    ['[]', 1],
    ['foo[]', 4],
    ['foo[', 4],
    ['foo[1,3', 7],
    ['foo[[1,3]', 4],
    ['foo]', 3],
    ['foo[x-y]', 4],
    ['foo[3-1]', 4],
    ['foo[-1]', 4],
    ['foo[0-1,2--5]', 10],
    ['foo[1x2]', 5],
    ['foo[0-1048576]', 4],
    ['a,foo[1,]', 8],
    ['foo[1, 2]', 6],
    ['n[1-9999999999999999]', 2],
    ['n[0-65535]x[0-65535]', 11],
  ])('%j is wrong at %i', (text, position) => {
    expect(() => expandHostlist(text)).toThrow(HostlistError);
    expect(() => expandHostlist(text)).toThrow(expect.objectContaining({ code: 'PAR_ARGUMENT', position }));
  });

  it('takes a range of 65,536 hosts', () => {
    expect(expandHostlist('n[0-65535]')).toHaveLength(65_536);
  });

  it('gives back any names and ranges it is given, in order', () => {
    const range = fc.tuple(fc.nat(2000), fc.nat(20), fc.integer({ min: 1, max: 5 })).map(([low, more, width]) => {
      const first = String(low).padStart(width, '0');
      const numbers = Array.from({ length: more + 1 }, (_, i) => String(low + i).padStart(first.length, '0'));
      return { text: more === 0 ? first : `${first}-${low + more}`, numbers };
    });
    const name = fc.stringMatching(/^[a-z][a-z0-9.-]{0,8}$/);
    const term = fc.record({ name, ranges: fc.array(range, { maxLength: 3 }), domain: fc.option(name, { nil: '' }) });
    fc.assert(
      fc.property(
        fc.array(term, { maxLength: 5 }),
        fc.constantFrom(',', ' ', '\n', ',,', '\t,'),
        (terms, separator) => {
          const bracket = ({ ranges }: { ranges: { text: string }[] }) =>
            ranges.length === 0 ? '' : `[${ranges.map((r) => r.text).join(',')}]`;
          const text = terms.map((t) => t.name + bracket(t) + t.domain).join(separator);
          const hosts = terms.flatMap((t) =>
            t.ranges.length === 0
              ? [t.name + t.domain]
              : t.ranges.flatMap((r) => r.numbers).map((number) => t.name + number + t.domain),
          );
          expect(expandHostlist(text)).toEqual(hosts);
        },
      ),
    );
  });

  it('expands or throws HostlistError, for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'an019[],- x') }), (text) => {
        try {
          expect(Array.isArray(expandHostlist(text))).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(HostlistError);
          expect((error as HostlistError).position).toBeLessThanOrEqual(text.length);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('expandTasksPerNode', () => {
  it('repeats what is repeated', () => {
    expect(expandTasksPerNode('2(x3),1')).toEqual([2, 2, 2, 1]);
    expect(expandTasksPerNode('4')).toEqual([4]);
    const many = expandTasksPerNode('16(x2),8,4(x10)');
    expect(many).toHaveLength(13);
    expect(many.reduce((sum, tasks) => sum + tasks)).toBe(80);
  });

  it.each([
    ['', 0],
    ['2,', 2],
    ['2(x)', 0],
    ['2(3)', 0],
    ['1,-2', 2],
    ['1,2(x0)', 2],
    ['1(x999999999)', 0],
  ])('%j is wrong at %i', (text, position) => {
    expect(() => expandTasksPerNode(text)).toThrow(expect.objectContaining({ code: 'PAR_ARGUMENT', position }));
  });
});
