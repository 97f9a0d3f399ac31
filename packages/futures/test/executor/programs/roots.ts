// An executor at each root in turn, on all ranks of the job. Each root prints what its pool made.
import { init } from '@par/comm-core';
import { executor, type Future } from '@par/futures';

const world = await init();
const square = (x: number): number => x * x;
const fill = (x: number): Float64Array => new Float64Array(1000).fill(x);

for (let root = 0; root < world.size; root++) {
  const large: Future<Float64Array>[] = [];
  let sum = 0;
  {
    await using pool = await executor(world, { root });
    if (pool !== undefined) {
      const again = await executor(world, { root }).catch((error: { readonly code: string }) => error.code);
      large.push(pool.submit(fill, root), pool.submit(fill, again === 'PAR_EXISTS' ? 1 : Number.NaN));
      for await (const value of pool.with({ chunkSize: 3 }).map(square, [1, 2, 3, 4, 5])) sum += value;
    }
  }
  // Large results stayed with workers that are gone now.
  if (large.length > 0) console.log(`root ${root}: ${sum}, ${(await large[0]!)[999]} ${(await large[1]!)[0]}`);
}
console.log(`rank ${world.rank} goes on`);
