import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const BIN = fileURLToPath(new URL('../dist/bin.js', import.meta.url));
const FIXTURES = fileURLToPath(new URL('fixtures/', import.meta.url));

export function fixture(name: string): string {
  return join(FIXTURES, name);
}

export interface Finished {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface LaunchOptions {
  readonly env?: Record<string, string>;
  readonly cwd?: string;
  /** What the launcher reads from its standard input, which then ends; default nothing. `open`: it is left open. */
  readonly input?: string | 'open';
  readonly timeoutMs?: number;
  /** A command in front of `par`'s own. */
  readonly prefix?: readonly string[];
}

/** One `par` process, everything it starts marked so that it can be found again. */
export class Launch {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  /** In the environment of the launcher and all ranks, and in the reaper's arguments through the job directory's name. */
  readonly token = `par-test-${randomUUID()}`;
  readonly tmp: string;
  stdout = '';
  stderr = '';
  #listeners = new Set<() => void>();

  constructor(args: readonly string[], { env = {}, cwd, input, timeoutMs = 30_000, prefix = [] }: LaunchOptions = {}) {
    this.tmp = mkdtempSync(join(tmpdir(), `${this.token.slice(0, 22)}-`));
    const [file, ...rest] = [...prefix, process.execPath, BIN, ...args] as [string, ...string[]];
    this.child = spawn(file, rest, {
      cwd,
      env: { ...cleanEnvironment(), TMPDIR: this.tmp, PAR_TEST_TOKEN: this.token, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
      signal: AbortSignal.timeout(timeoutMs),
      killSignal: 'SIGKILL',
    });
    const { stdin, stdout, stderr } = this.child;
    stdin?.on('error', () => {});
    if (input !== 'open') stdin?.end(input);
    stdout?.setEncoding('utf8').on('data', (text: string) => this.#heard(() => (this.stdout += text)));
    stderr?.setEncoding('utf8').on('data', (text: string) => this.#heard(() => (this.stderr += text)));
    this.finished = new Promise((resolve, reject) => {
      this.child.on('error', reject);
      this.child.on('close', (status, signal) => {
        resolve({ status, signal, stdout: this.stdout, stderr: this.stderr });
      });
    });
    this.finished.catch(() => {});
  }

  #heard(append: () => void): void {
    append();
    for (const listener of this.#listeners) listener();
  }

  /** Settles when the launcher's output so far matches. */
  async until(matches: (launch: Launch) => boolean): Promise<void> {
    await Promise.race([
      new Promise<void>((resolve) => {
        const check = () => {
          if (!matches(this)) return;
          this.#listeners.delete(check);
          resolve();
        };
        this.#listeners.add(check);
        check();
      }),
      this.finished.then((end) => {
        if (!matches(this)) throw new Error(`par ended too early: ${JSON.stringify(end)}`);
      }),
    ]);
  }

  /** Waits until nothing of the job exists any more, neither processes nor files; throws with what is left after `ms`. */
  async gone(ms = 10_000): Promise<void> {
    const deadline = Date.now() + ms;
    const tokens = [this.token, this.tmp];
    for (let processes = processesWith(tokens); ; ) {
      const left = [...processes, ...readdirSync(this.tmp)];
      if (left.length === 0) break;
      if (Date.now() > deadline) throw new Error(`left behind: ${left.join('; ')}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
      // All processes of the machine are looked at again only when those that were found are gone.
      processes = processesWith(
        tokens,
        processes.map((line) => line.split(' ')[0]!),
      );
      if (processes.length === 0) processes = processesWith(tokens);
    }
    rmSync(this.tmp, { recursive: true });
  }
}

/** Runs `par` to its end and makes sure that nothing of it is left. */
export async function par(args: readonly string[], options: LaunchOptions = {}): Promise<Finished> {
  const launch = new Launch(args, options);
  const end = await launch.finished;
  await launch.gone();
  return end;
}

/** The environment without what test runners and outer launchers put there. */
function cleanEnvironment(): Record<string, string> {
  const entries = Object.entries(process.env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined &&
      !/^(PAR_|OMPI_|PMI|SLURM_|VITEST|NODE_OPTIONS|NODE_V8|FORCE_COLOR|TEST$)/.test(entry[0]),
  );
  return Object.fromEntries(entries);
}

/** Processes with one of the tokens in their arguments or environment, as "pid command line". */
export function processesWith(tokens: readonly string[], among: readonly string[] = readdirSync('/proc')): string[] {
  return among
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1');
        const environment = readFileSync(`/proc/${pid}/environ`, 'latin1');
        const found = tokens.some((token) => command.includes(token) || environment.includes(token));
        return found ? [`${pid} ${command.replaceAll('\0', ' ')}`] : [];
      } catch {
        return [];
      }
    });
}
