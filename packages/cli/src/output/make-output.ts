import type { RunOptions } from '../command-line/parse-run.ts';
import { GroupOutput } from './group-output.ts';
import { JsonOutput } from './json-output.ts';
import { label } from './label.ts';
import { LineOutput } from './line-output.ts';
import type { Output, StreamName } from './output.ts';
import { RawOutput } from './raw-output.ts';
import { type Sink, sameTarget } from './sink.ts';

/** What `--output` and its companions ask for. `spool`: a directory for the files of `--output group`. */
export function makeOutput(options: RunOptions, size: number, sinks: Record<StreamName, Sink>, spool: string): Output {
  const { output, labels, timestamps } = options;
  if (output === 'raw') return new RawOutput(sinks);
  if (output === 'json') return new JsonOutput(sinks.stdout, timestamps);
  const lines = new LineOutput({
    sinks,
    timestamps,
    shared: sameTarget(1, 2),
    label: (rank, stream) => (labels ? label(rank, size, sinks[stream].stream) : ''),
  });
  return output === 'group' ? new GroupOutput(spool, size, sinks, lines) : lines;
}
