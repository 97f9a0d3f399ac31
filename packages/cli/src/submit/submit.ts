import { spawnSync } from 'node:child_process';
import { UsageError } from '../usage-error.ts';
import { parseSubmit, SUBMIT_USAGE } from './request.ts';
import { jobScript } from './script.ts';

/** `par submit`: what it prints. Throws UsageError. */
export function submit(args: readonly string[], env: NodeJS.ProcessEnv): string {
  if (args.includes('--help') && !args.slice(0, args.indexOf('--help')).some(isProgram)) return SUBMIT_USAGE;
  const request = parseSubmit(args, env);
  const script = jobScript(request, process.execPath, process.argv[1]!);
  if (!request.now) return script;
  const program = request.scheduler === 'slurm' ? 'sbatch' : 'qsub';
  const { status, stdout, stderr, error } = spawnSync(program, { input: script, encoding: 'utf8' });
  if (error !== undefined)
    throw new UsageError(`${program}: ${error.message}; is this a host where jobs are submitted?`);
  if (status !== 0) throw new UsageError(`${program} refused the job: ${stderr.trim()}`);
  return stdout;
}

function isProgram(word: string, at: number): boolean {
  return at > 0 && !word.startsWith('-');
}
