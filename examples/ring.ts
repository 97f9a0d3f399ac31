// A token goes once around the ring; every rank adds its number to it.
//   par run -np 4 ring.ts
import { init } from '@par/comm-core';

interface Token {
  sum: number;
  visited: number[];
}

const world = await init();
const { rank, size } = world;
const next = (rank + 1) % size;
const previous = (rank + size - 1) % size;
const visit = (token: Token): Token => ({ sum: token.sum + rank, visited: [...token.visited, rank] });

if (rank === 0) {
  const sent = world.send(visit({ sum: 0, visited: [] }), { dest: next });
  const token = await world.recv<Token>({ source: previous });
  await sent;
  const expected = (size * (size - 1)) / 2;
  if (token.sum !== expected) throw new Error(`the token carries ${token.sum}, not ${expected}`);
  console.log(`The token visited ${token.visited.join(' → ')} and carries ${token.sum}.`);
} else {
  const token = await world.recv<Token>({ source: previous });
  await world.send(visit(token), { dest: next });
}
