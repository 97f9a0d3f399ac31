interface PipeHandle {
  setBlocking?(blocking: boolean): number;
}

/**
 * Node writes to pipes asynchronously and process.exit() drops what is still queued; with blocking pipes a write has left the process when
 * it returns, and a reader that is slow slows the rank down instead of filling its memory. The streams stay lazy: a rank that prints
 * nothing pays nothing.
 */
export function blockOnPipes(): void {
  for (const name of ['stdout', 'stderr'] as const) {
    const descriptor = Object.getOwnPropertyDescriptor(process, name);
    const get = descriptor?.get;
    if (!get || !descriptor.configurable) continue;
    Object.defineProperty(process, name, {
      ...descriptor,
      get() {
        const stream: { _handle?: PipeHandle | null } = get.call(process);
        stream._handle?.setBlocking?.(true);
        Object.defineProperty(process, name, descriptor);
        return stream;
      },
    });
  }
}
