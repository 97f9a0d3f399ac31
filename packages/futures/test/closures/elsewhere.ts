import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type CaptureOptions, capture, type ShippedFunction } from '../../src/closures/index.ts';

interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: { readonly name: string; readonly message: string; readonly code?: string; readonly stack: string };
}

/** A Node process of its own that rebuilds what it is sent and calls it. */
export class Elsewhere implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<Answer>>();
  #sent = 0;

  constructor(execArgv: readonly string[] = []) {
    // A function that is rebuilt by importing this test would start the test again, and that one the next.
    if (process.env.PAR_ELSEWHERE) throw new Error('a process started by a test may not start others');
    this.#child = fork(fileURLToPath(new URL('elsewhere-process.ts', import.meta.url)), [], {
      serialization: 'advanced',
      execArgv: [...execArgv],
      env: { ...process.env, PAR_ELSEWHERE: '1' },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#child.on('message', (answer: Answer) => this.#waiting.get(answer.id)!.resolve(answer));
    this.#child.on('exit', (code, signal) => {
      for (const { reject } of this.#waiting.values())
        reject(new Error(`the other process ended with ${signal ?? code}`));
    });
  }

  /** Rebuild there, call with `args`, bring the result back. */
  async run(shipped: ShippedFunction, args: readonly unknown[] = []): Promise<unknown> {
    const id = ++this.#sent;
    const waiting = Promise.withResolvers<Answer>();
    this.#waiting.set(id, waiting);
    this.#child.send({ id, shipped, args });
    const answer = await waiting.promise;
    this.#waiting.delete(id);
    if (answer.error) {
      const { name, message, code, stack } = answer.error;
      throw Object.assign(new Error(message), { name, code, stack });
    }
    return answer.value;
  }

  /** Capture here, call there. */
  call<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Promise<Awaited<R>> {
    return this.run(capture(fn), args) as Promise<Awaited<R>>;
  }

  callWith<A extends unknown[], R>(options: CaptureOptions, fn: (...args: A) => R, ...args: A): Promise<Awaited<R>> {
    return this.run(capture(fn, options), args) as Promise<Awaited<R>>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    const late = setTimeout(() => this.#child.kill('SIGKILL'), 30_000);
    this.#child.disconnect();
    await ended;
    clearTimeout(late);
  }
}
