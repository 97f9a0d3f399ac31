/**
 * Runs in the rank, on top of whatever it is doing: a loop that never ends is interrupted for it. The stack therefore
 * goes down to that; with nothing but this function on it, the rank waits in its event loop.
 */
const PROBE = `(function parProbe() {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 50;
  const stack = String(new Error().stack);
  Error.stackTraceLimit = limit;
  return JSON.stringify({ stack, resources: process.getActiveResourcesInfo() });
})()`;

/** The JavaScript stack of a Node process, innermost call first, through its debugger. Rejects when there is no answer in time. */
export async function readStack(url: string, signal: AbortSignal): Promise<string[]> {
  const socket = new WebSocket(url);
  try {
    const answer = await new Promise<string>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('no answer from its debugger')), { once: true });
      socket.addEventListener('error', () => reject(new Error('its debugger refused the connection')), { once: true });
      socket.addEventListener('close', () => reject(new Error('its debugger closed the connection')), { once: true });
      socket.addEventListener('open', () => {
        const params = { expression: PROBE, returnByValue: true, silent: true };
        socket.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params }));
      });
      socket.addEventListener('message', ({ data }) => {
        const message = JSON.parse(String(data)) as { id?: number; result?: { result?: { value?: unknown } } };
        if (message.id !== 1) return;
        const value = message.result?.result?.value;
        if (typeof value === 'string') resolve(value);
        else reject(new Error('its debugger gave no stack'));
      });
    });
    const { stack, resources } = JSON.parse(answer) as { stack: string; resources: string[] };
    const frames = stack
      .split('\n')
      .slice(1)
      .map((line) => line.trim())
      // Node's own frames say nothing about the program.
      .filter((line) => line.startsWith('at ') && !/parProbe|^at <anonymous>:/.test(line) && !/[ (]node:/.test(line));
    if (frames.length > 0) return frames;
    const waits = resources.filter((resource) => resource !== 'PipeWrap' && resource !== 'TTYWrap');
    return [`in the event loop, waiting for ${waits.length > 0 ? [...new Set(waits)].join(', ') : 'input'}`];
  } finally {
    socket.close();
  }
}
