// Sends a recorded handshake (a JSON array of strings in base64: what the client said, piece by piece) to every address given, at once and
// as a client would who waits for each answer, and prints how many bytes it was told before it was shut out, as JSON.
import { connect } from 'node:net';

const [recording, ...targets] = process.argv.slice(2) as [string, ...string[]];
const pieces = (JSON.parse(recording) as string[]).map((piece) => Buffer.from(piece, 'base64'));

async function replay(target: string, say: readonly Buffer[]): Promise<number> {
  const [host, port] = target.split(':') as [string, string];
  const socket = connect(Number(port), host).on('error', () => {});
  let told = 0;
  let next = 0;
  const speak = (): void => {
    const piece = say[next++];
    if (piece !== undefined) socket.write(piece);
  };
  socket.on('connect', speak);
  socket.on('data', (chunk) => {
    told += chunk.length;
    speak();
  });
  await new Promise((resolve) => socket.on('close', resolve));
  return told;
}

const told = await Promise.all(
  targets.map(async (target) => [await replay(target, [Buffer.concat(pieces)]), await replay(target, pieces)]),
);
console.log(JSON.stringify(told));
