// Opens so many connections to an address, says nothing on any, and opens a new one for each that is closed, until nobody listens
// there any more or it is ended.
import { connect } from 'node:net';

const [target, count] = process.argv.slice(2) as [string, string];
const [host, port] = target.split(':') as [string, string];
let opened = 0;

function open(): void {
  const socket = connect(Number(port), host);
  socket.on('connect', () => {
    opened += 1;
    if (opened === Number(count)) console.log(`${opened} connections`);
  });
  let refused = false;
  socket.on('error', ({ code }: NodeJS.ErrnoException) => {
    refused = code === 'ECONNREFUSED';
  });
  socket.on('close', () => refused || setImmediate(open));
}

for (let i = 0; i < Number(count); i++) open();
