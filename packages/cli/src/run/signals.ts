import type { Fleet } from '../agent/fleet.ts';
import type { Job } from './job.ts';

const FORWARDED = ['SIGUSR1', 'SIGUSR2'] as const;

/** Lets the launcher's signals reach the job. Returns what undoes it. */
export function forwardSignals(job: () => Job | undefined, fleet: () => Fleet | undefined): () => void {
  const interrupt = (signal: 'SIGINT' | 'SIGTERM') => () => {
    const running = job();
    if (running) running.interrupt(signal);
    else process.exit(signal === 'SIGINT' ? 130 : 143);
  };
  const handlers: [NodeJS.Signals, () => void][] = [
    ['SIGINT', interrupt('SIGINT')],
    ['SIGTERM', interrupt('SIGTERM')],
    ['SIGHUP', interrupt('SIGTERM')],
    ...FORWARDED.map((signal): [NodeJS.Signals, () => void] => [signal, () => job()?.forward(signal)]),
    [
      'SIGTSTP',
      () => {
        // Ranks lead orphaned process groups, where the kernel ignores SIGTSTP's default: it is for their handlers,
        // and SIGSTOP for everyone. Then the launcher stops as the shell expects.
        job()?.forward('SIGTSTP');
        job()?.forward('SIGSTOP');
        fleet()?.suspend(true);
        process.kill(process.pid, 'SIGSTOP');
      },
    ],
    [
      'SIGCONT',
      () => {
        fleet()?.suspend(false);
        job()?.forward('SIGCONT');
      },
    ],
  ];
  for (const [signal, handler] of handlers) process.on(signal, handler);
  return () => {
    for (const [signal, handler] of handlers) process.off(signal, handler);
  };
}
