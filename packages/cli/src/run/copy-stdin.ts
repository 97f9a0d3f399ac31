import type { Readable, Writable } from 'node:stream';

/** Every rank of several reads all of the input, as fast as the slowest one. A rank that closes its end is left out from then on. */
export async function copyStdin(from: Readable, to: readonly Writable[]): Promise<void> {
  const open = new Set(to);
  for (const stream of to) {
    const leave = () => open.delete(stream);
    stream.on('error', leave);
    stream.on('close', leave);
  }
  for await (const chunk of from) {
    if (open.size === 0) break;
    const slow = [...open].filter((stream) => !stream.write(chunk as Uint8Array));
    await Promise.all(slow.map(ready));
  }
  for (const stream of open) stream.end();
}

/** Settles when the stream takes more, or never will. */
function ready(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed) return resolve();
    const settle = () => {
      stream.off('drain', settle);
      stream.off('close', settle);
      resolve();
    };
    stream.on('drain', settle);
    stream.on('close', settle);
  });
}
