import { spawn } from 'node:child_process';

export interface Finished {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end; ends it, and fails, when the time is up. */
export function runJob(
  { command, args }: { command: string; args: readonly string[] },
  env: Readonly<Record<string, string | undefined>>,
  deadlineMs = 50_000,
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      signal: AbortSignal.timeout(deadlineMs),
      killSignal: 'SIGTERM',
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', (error) => reject(new Error(`${error.message}\n${stdout}\n${stderr}`, { cause: error })));
    child.on('close', (status, signal) => resolve({ status, signal, stdout, stderr }));
  });
}

/** The lines a job printed, in an order that does not depend on which rank was first. */
export function linesOf({ stdout }: Finished): string[] {
  return stdout
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .sort();
}
