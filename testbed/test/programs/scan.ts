// Tries to connect to every TCP port of a host and prints those that took it, as JSON.
import { connect } from 'node:net';

const [host] = process.argv.slice(2) as [string];
/** Connections under way at a time. */
const WIDTH = 256;

const open: number[] = [];
let next = 1;

async function scan(): Promise<void> {
  while (next <= 65_535) {
    const port = next++;
    await new Promise<void>((resolve) => {
      const socket = connect(port, host);
      // One that is met by itself, because the system chose that very port for it, has found nobody.
      socket.on('connect', () => {
        if (socket.localPort !== port) open.push(port);
        socket.destroy();
      });
      socket.on('error', () => {});
      socket.on('close', () => resolve());
    });
  }
}

await Promise.all(Array.from({ length: WIDTH }, scan));
console.log(JSON.stringify(open.sort((a, b) => a - b)));
