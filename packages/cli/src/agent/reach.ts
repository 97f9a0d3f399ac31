import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { quote } from '../command-line/quote.ts';
import { splitWords } from '../command-line/values.ts';
import type { Reach } from '../hosts/allocation.ts';
import type { HostRequest } from '../hosts/host-list.ts';

/** The agent's own file, which must be at the same path on every host. */
const AGENT = fileURLToPath(new URL('agent.js', import.meta.url));

/** Run by the host's shell, whichever that is: says what is missing before Node could fail in words of its own. */
const SAME_PATH =
  'par and Node must be at the same path on every host (a shared file system, or the same installation)';
const START = [
  `[ -x "$1" ] || { echo "par-agent: there is no Node at $1; ${SAME_PATH}" >&2; exit 127; }`,
  `[ -r "$2" ] || { echo "par-agent: there is no par at $2; ${SAME_PATH}" >&2; exit 127; }`,
  'exec "$1" "$2"',
].join('; ');

/** Never asks anybody, and notices a host that is gone even before anything is said. What a person gives with --ssh comes first and wins. */
const SSH_OPTIONS = [
  'BatchMode=yes',
  'ConnectTimeout=10',
  'ServerAliveInterval=15',
  'ServerAliveCountMax=4',
  'ClearAllForwardings=yes',
  'ForwardX11=no',
  'LogLevel=ERROR',
].flatMap((option) => ['-o', option]);

/** The command that starts our agent on a host; `program`: the arguments of --ssh. */
export function agentCommand(reach: Reach, program: string, host: HostRequest): readonly [string, ...string[]] {
  return remoteCommand(reach, program, host, ['sh', '-c', START, 'par-agent', process.execPath, AGENT]);
}

/** The command that runs another one on a host. */
export function remoteCommand(
  reach: Reach,
  program: string,
  { name, user }: HostRequest,
  command: readonly string[],
): readonly [string, ...string[]] {
  if (reach === 'srun') {
    const step = ['--nodes=1', '--ntasks=1', `--nodelist=${name}`, '--overlap', '--unbuffered', '--mpi=none'];
    return ['srun', ...step, '--cpu-bind=none', '--job-name=par', '--input=all', ...command];
  }
  const [file = 'ssh', ...words] = splitWords(program, '--ssh');
  const options = basename(file) === 'ssh' ? ['-T', ...SSH_OPTIONS] : [];
  const target = user === undefined ? name : `${user}@${name}`;
  return [file, ...words, ...options, target, command.map(quote).join(' ')];
}
