import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Runs as a process of its own, in a session of its own, so that it outlives the launcher whatever kills that. Standard input is
 * a pipe only the launcher holds: lines "add PID" and "del PID" keep the list of living ranks' process groups, and its end, for
 * whatever reason, ends the job: the groups are killed, then every process that still carries the job's mark in its environment
 * (children of ranks in sessions of their own; a rank the launcher had no time to report), then the shared memory its ranks
 * listed and the job's directory are removed. Without the line "end", the launcher was killed, perhaps while it started a rank: that has
 * no environment for as long as the kernel exchanges its program (execve closes the pipe first), so it is looked for during a second.
 * The mark has a random 128-bit number in it, so nothing else can carry it. Arguments: mark, directory.
 */
const SCRIPT = `
trap '' HUP INT QUIT TERM
groups=' '
looks=20
while read -r word pid; do
  case $word in
    add) groups="$groups$pid " ;;
    del) groups="\${groups%% $pid *} \${groups#* $pid }" ;;
    end) looks=2 ;;
  esac
done
for pid in $groups; do kill -s KILL -- "-$pid"; done
quiet=0
while [ -d /proc/self ] && [ $quiet -lt $looks ]; do
  found=
  for file in $(grep -las "$1" /proc/[0-9]*/environ); do
    pid=\${file#/proc/}
    kill -s KILL "\${pid%/environ}" && found=1
  done
  if [ -n "$found" ]; then quiet=0; else quiet=$((quiet + 1)); fi
  [ $quiet -lt $looks ] && sleep 0.05
done
for list in "$2"/segments.*; do
  [ -f "$list" ] && while read -r path; do
    case $path in
      /dev/shm/*/*) ;;
      /dev/shm/*) rm -f -- "$path" ;;
    esac
  done <"$list"
done
tries=0
while rm -rf -- "$2"; [ -d "$2" ] && [ $tries -lt 100 ]; do
  tries=$((tries + 1))
  sleep 0.05
done
`;

/** The process that ends a job when the launcher no longer can. */
export class Reaper {
  readonly #mark: string;
  readonly #directory: string;
  readonly #groups = new Set<number>();
  #process: ChildProcess | undefined;
  #closed = false;

  /** `mark`: a NAME=value that every rank has in its environment. */
  constructor(mark: string, directory: string) {
    this.#mark = mark;
    this.#directory = directory;
    this.#start();
  }

  add(pid: number): void {
    this.#groups.add(pid);
    this.#process?.stdin?.write(`add ${pid}\n`);
  }

  delete(pid: number): void {
    if (!this.#groups.delete(pid)) return;
    this.#process?.stdin?.write(`del ${pid}\n`);
  }

  /** Lets it sweep up what is left, which it does after we are gone. */
  close(): void {
    this.#closed = true;
    this.#process?.stdin?.end('end\n');
  }

  #start(): void {
    const child = spawn('/bin/sh', ['-c', SCRIPT, 'par-reaper', this.#mark, this.#directory], {
      cwd: '/',
      // Nothing of ours: an outer job's reaper must not take this process for one of its ranks.
      env: { PATH: '/usr/local/bin:/usr/bin:/bin' },
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    // Somebody may kill it; the ranks then get a new one, which is told everything again.
    child.on('exit', (_code, signal) => {
      if (signal !== null && !this.#closed) this.#start();
    });
    child.on('error', () => {
      this.#process = undefined;
    });
    child.stdin.on('error', () => {});
    this.#process = child;
    for (const pid of this.#groups) child.stdin.write(`add ${pid}\n`);
  }
}
