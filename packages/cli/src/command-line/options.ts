/** One option of `par run`. Names are without dashes; one dash or two, `--name value` or `--name=value`, all mean the same. */
export interface OptionSpec {
  readonly names: readonly string[];
  /** `optional` values are only taken from `--name=value`. */
  readonly value: 'none' | 'required' | 'optional';
  readonly hint?: string;
  readonly help: string;
}

export const RUN_OPTIONS = [
  {
    names: ['np', 'n'],
    value: 'required',
    hint: 'N|auto',
    help: 'number of ranks (default auto: one per available core)',
  },
  {
    names: ['host', 'H'],
    value: 'required',
    hint: 'h1:4,h2',
    help: 'run on these hosts, over ssh; :4 is the number of ranks one takes',
  },
  {
    names: ['hostfile', 'machinefile', 'f'],
    value: 'required',
    hint: 'FILE',
    help: 'the same from a file: a host per line, "h1 slots=4"',
  },
  { names: ['ppn', 'N', 'npernode'], value: 'required', hint: 'N', help: 'ranks on each host' },
  {
    names: ['ssh'],
    value: 'required',
    hint: "'CMD'",
    help: 'what to reach hosts with, such as "ssh -p 2222" (default ssh, or PAR_SSH)',
  },
  {
    names: ['heartbeat'],
    value: 'required',
    hint: 'TIME',
    help: 'silence after which a host is taken for lost (default 15s)',
  },
  { names: ['x'], value: 'required', hint: 'K[=V]', help: "environment for the ranks; K alone or 'K*' passes ours on" },
  { names: ['env-file'], value: 'required', hint: 'FILE', help: 'environment for the ranks from a file of K=V lines' },
  { names: ['wdir', 'wd'], value: 'required', hint: 'DIR', help: 'directory the ranks start in' },
  { names: ['node-args'], value: 'required', hint: "'ARGS'", help: 'options for node itself, such as --expose-gc' },
  { names: ['transport'], value: 'required', hint: 'tcp|mpi|auto', help: 'how ranks talk (default auto: tcp)' },
  { names: ['secure'], value: 'none', help: 'encrypt every connection between ranks (TLS 1.3)' },
  {
    names: ['output'],
    value: 'required',
    hint: 'line|raw|group|json',
    help: 'whole lines as they come (default), bytes as they come, rank after rank, or one JSON object per line',
  },
  { names: ['no-label'], value: 'none', help: 'lines without the [rank] in front' },
  { names: ['timestamps'], value: 'none', help: 'the time in front of each line' },
  { names: ['ranks'], value: 'required', hint: '0,4-7', help: 'show the output of these ranks only' },
  {
    names: ['log-dir'],
    value: 'required',
    hint: 'DIR',
    help: 'also write a file per rank and stream, and job.json, there',
  },
  {
    names: ['stdin'],
    value: 'required',
    hint: 'RANK|all|none',
    help: 'who reads the standard input (default rank 0)',
  },
  {
    names: ['on-fail'],
    value: 'required',
    hint: 'kill|wait|ignore',
    help: 'when a rank fails: end the others (default), let them finish, or also not count it',
  },
  {
    names: ['grace'],
    value: 'required',
    hint: 'TIME',
    help: 'time ranks get to end by themselves when told to (default 5s)',
  },
  {
    names: ['max-restarts'],
    value: 'required',
    hint: 'N',
    help: 'start all ranks again when one has failed, up to N times (they see PAR_RESTART)',
  },
  { names: ['timeout'], value: 'required', hint: 'TIME', help: 'end the job after this time, exit status 124' },
  {
    names: ['stack-on-timeout'],
    value: 'none',
    help: 'before that, show what every rank waits for and where it is',
  },
  {
    names: ['inspect'],
    value: 'optional',
    hint: 'RANK',
    help: 'debugger of every rank, or of one, on port 9229 + rank',
  },
  { names: ['inspect-brk'], value: 'optional', hint: 'RANK', help: 'the same, and stop before the first line' },
  { names: ['cpu-prof'], value: 'none', help: 'a CPU profile per rank in the log directory (default par-logs)' },
  { names: ['watch'], value: 'none', help: 'start again whenever a source file of the program changes' },
  { names: ['dry-run'], value: 'none', help: 'print what would be started and stop' },
  { names: ['oversubscribe'], value: 'none', help: 'accepted for the sake of mpirun users: always allowed here' },
  { names: ['allow-run-as-root'], value: 'none', help: 'accepted for the sake of mpirun users: always allowed here' },
  { names: ['help', 'h'], value: 'none', help: 'this text' },
] as const satisfies readonly OptionSpec[];

export type RunOptionName = (typeof RUN_OPTIONS)[number]['names'][0];

export function findOption(name: string): (OptionSpec & { names: readonly [RunOptionName, ...string[]] }) | undefined {
  return RUN_OPTIONS.find((spec) => (spec.names as readonly string[]).includes(name));
}

/** `-np` and `--output`, as people type them. */
export function spell(name: string): string {
  return name.length <= 2 ? `-${name}` : `--${name}`;
}
