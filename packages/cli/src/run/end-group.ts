import type { Reaper } from './reaper.ts';

/** Sends a signal to a process group, 0 to ask for it; false when nothing is left of it. */
export function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
}

/** The remains of a rank that has ended. */
export interface Remains {
  /** Leader of its process group. */
  readonly group: number;
  /** Everything it wrote has been read. */
  done(): boolean;
  paused(): boolean;
  /** Time of its last output, as performance.now(). */
  lastOutput(): number;
  /** Stop reading. */
  giveUp(): void;
}

/**
 * Ends what a rank that has ended left behind in its process group, and gives up its pipes once nothing has come out of
 * them for `graceMs`: a process in a session of its own may hold them open for ever.
 */
export function endGroup(remains: Remains, reaper: Reaper, graceMs: number): void {
  const { group } = remains;
  const left = signalGroup(group, 'SIGTERM');
  if (!left) reaper.delete(group);
  if (!left && remains.done()) return;
  const since = performance.now();
  const timer = setInterval(
    () => {
      if (remains.paused()) return;
      const gone = !signalGroup(group, 0);
      if (gone && remains.done()) {
        clearInterval(timer);
        reaper.delete(group);
        return;
      }
      if (performance.now() - Math.max(since, remains.lastOutput()) < graceMs) return;
      clearInterval(timer);
      signalGroup(group, 'SIGKILL');
      reaper.delete(group);
      setTimeout(() => remains.giveUp(), 50);
    },
    Math.max(10, Math.min(100, graceMs / 4)),
  );
}
