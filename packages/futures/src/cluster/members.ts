import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What members of an ended cluster get to end by themselves, in milliseconds. */
const END_MS = 2_000;

/** How a process ended. `orderly`: it said goodbye. */
export interface MemberEnd {
  readonly orderly: boolean;
  /** For people. */
  readonly how: string;
}

/** Processes of a local cluster. They end with this process, however it ends. */
export class Members {
  readonly #directory: string;
  readonly #children = new Set<ChildProcess>();
  #ending = false;
  readonly #onExit = (): void => this.kill();

  /** `directory`: goes with them. */
  constructor(directory: string) {
    this.#directory = directory;
    process.on('exit', this.#onExit);
  }

  /** Gives what kills the process. */
  start(env: NodeJS.ProcessEnv, ended: (end: MemberEnd) => void): () => void {
    const child = spawn(process.execPath, [...nodeOptions(), memberProgram()], {
      env,
      // A group of its own: Ctrl-C reaches the script only, which ends the others in order.
      detached: true,
      // Standard input tells a member that the script is gone.
      stdio: ['pipe', 'inherit', 'inherit'],
    });
    this.#children.add(child);
    const over = (end: MemberEnd): void => {
      if (this.#children.delete(child) && !this.#ending) ended(end);
    };
    child.on('error', (error) => over({ orderly: false, how: `its process could not be started: ${error.message}` }));
    child.on('exit', (code, signal) => {
      const how = signal === null ? `its process ended with status ${code}` : `its process was ended by ${signal}`;
      over({ orderly: code === 0, how });
    });
    child.stdin!.on('error', () => {}); // the member has ended; its exit says so
    child.unref();
    (child.stdin as unknown as { unref(): void }).unref();
    return () => void child.kill('SIGKILL');
  }

  async end(): Promise<void> {
    this.#ending = true;
    const gone = Promise.all(
      Array.from(this.#children, (child) => new Promise<void>((resolve) => child.once('exit', () => resolve()))),
    );
    for (const child of this.#children) {
      child.ref();
      child.stdin!.end();
    }
    const late = setTimeout(() => this.#signal(), END_MS);
    await gone;
    clearTimeout(late);
    this.kill();
  }

  kill(): void {
    this.#ending = true;
    this.#signal();
    process.off('exit', this.#onExit);
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #signal(): void {
    for (const { pid } of this.#children) {
      if (pid === undefined) continue;
      try {
        process.kill(-pid, 'SIGKILL');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    }
  }
}

/** Node's options that say how code is loaded; those of debuggers and tests belong to this process alone. */
function nodeOptions(): string[] {
  return process.execArgv.filter(
    (option) =>
      !/^--(inspect|test|watch|eval|print|input-type|cpu-prof|heap-prof)/.test(option) && option.startsWith('--'),
  );
}

/** The program next to this file: as it was built, or in the sources. */
function memberProgram(): string {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const path = extension === 'ts' ? './member-process.ts' : './cluster/member-process.js';
  return fileURLToPath(new URL(path, import.meta.url));
}
