import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import type { RunOptions } from '../command-line/parse-run.ts';
import type { Job } from './job.ts';
import { sourceFiles } from './source-files.ts';

/** Editors write a file in several steps: changes this close together are one. */
const SETTLE_MS = 100;

/**
 * `--watch`: runs the job, ends it and starts it again whenever a source file of one of its programs changes. All ranks start
 * again together, which Node's own --watch in each rank could not do. Returns once the person interrupts it.
 */
export async function watchJob(
  options: RunOptions,
  runJob: (options: RunOptions, onStart: (job: Job) => void) => Promise<number>,
): Promise<number> {
  for (;;) {
    let job: Job | undefined;
    const changed = nextChange(options);
    const restart = changed.promise.then(() => job?.restart());
    const status = await runJob(options, (started) => {
      job = started;
    });
    const kind = job?.policy.cause?.kind;
    if (kind === 'interrupt' || kind === 'output') {
      changed.stop();
      return status;
    }
    if (kind !== 'restart')
      process.stderr.write(`par: the job ended with status ${status}; it starts again when a file changes\n`);
    await restart;
    process.stderr.write('par: a file has changed, starting again\n');
  }
}

function nextChange({ segments }: RunOptions): { promise: Promise<void>; stop: () => void } {
  const files = new Set(segments.flatMap(({ program, wdir }) => [...sourceFiles(resolve(wdir ?? '.', program))]));
  const { promise, resolve: settle } = Promise.withResolvers<void>();
  let timer: NodeJS.Timeout | undefined;
  // Directories, since editors that replace a file would leave a watcher of the file with the old one.
  const watchers: FSWatcher[] = [...new Set([...files].map((file) => dirname(file)))].map((directory) =>
    watch(directory, (_event, name) => {
      if (name === null || !files.has(resolve(directory, basename(name)))) return;
      timer ??= setTimeout(() => {
        stop();
        settle();
      }, SETTLE_MS);
    }),
  );
  const stop = () => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
  return { promise, stop };
}
