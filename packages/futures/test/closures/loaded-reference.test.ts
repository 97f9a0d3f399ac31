import { Session } from 'node:inspector';
import { expect, it, vi } from 'vitest';
import { loadedReference } from '../../src/closures/reference.ts';

const absent = new URL('modules/never-loaded.ts', import.meta.url).href;

it('many references to modules that are not loaded cost one look a second at those that are', async () => {
  const posted = vi.spyOn(Session.prototype, 'post');
  const looks = (): number => posted.mock.calls.filter(([method]) => (method as string) === 'Debugger.enable').length;
  const start = performance.now() + 10_000;
  const clock = vi.spyOn(performance, 'now');
  for (const [now, looked] of [
    [0, 1],
    [900, 1],
    [1100, 2],
  ] as const) {
    clock.mockReturnValue(start + now);
    for (let i = 0; i < 20; i++) {
      expect(await loadedReference({ kind: 'import', module: `${absent}?${i}`, name: 'Odd' })).toBe(undefined);
    }
    expect(looks()).toBe(looked);
  }
  vi.restoreAllMocks();
});
