import { type ChildProcess, spawn } from 'node:child_process';
import type { Command } from './host.ts';

export interface Finished {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** On top of what the host's shell has. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** What it reads from its standard input; default nothing. */
  readonly input?: string;
  /** When it is killed at the latest. Default 50 000. */
  readonly timeoutMs?: number;
}

/** A process of a test, and what it has said so far. */
export class Running {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  stdout = '';
  stderr = '';
  #changed: () => void = () => {};

  constructor({ command, args }: Command, { env, input, timeoutMs = 50_000 }: RunOptions) {
    this.child = spawn(command, args, {
      env,
      stdio: ['pipe', 'pipe', 'pipe'],
      signal: AbortSignal.timeout(timeoutMs),
      // The second one of these makes srun end its step at once.
      killSignal: 'SIGTERM',
    });
    this.child.stdin!.on('error', () => {}); // it may end without having read
    this.child.stdin!.end(input);
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
      this.#changed();
    });
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
      this.#changed();
    });
    this.finished = new Promise((resolve, reject) => {
      this.child.on('error', (cause) =>
        reject(new Error(`${cause.message}\n${this.stdout}\n${this.stderr}`, { cause })),
      );
      this.child.on('close', (status, signal) => {
        resolve({ status, signal, stdout: this.stdout, stderr: this.stderr });
      });
    });
    this.finished.catch(() => {});
  }

  /** Settles when what it has said matches; rejects when it ends before. */
  async said(pattern: RegExp): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#changed = () => {
        if (pattern.test(this.stdout + this.stderr)) resolve();
      };
      this.#changed();
      this.finished.then(
        (end) => reject(new Error(`it ended without having said ${pattern}: ${JSON.stringify(end)}`)),
        reject,
      );
    });
  }
}
