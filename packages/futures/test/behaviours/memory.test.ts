import { worldOf } from '@par/comm-core';
import { memoryTransports } from '@par/comm-core/memory';
import type { Cluster } from '@par/futures';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { CASES } from './cases.ts';
import { runCase } from './run-case.ts';
import { play, type ShapeName, sizeOf } from './shapes.ts';

const shapes = new Set(CASES.map(({ shape = 'pair' }): ShapeName => shape));

describe.each([...shapes])('ranks in memory, shape %s', (shape) => {
  let cluster: Cluster;
  let ranks: readonly Promise<Cluster | undefined>[];
  beforeAll(async () => {
    ranks = memoryTransports(sizeOf(shape)).map((transport) => play(worldOf(transport), shape));
    cluster = (await ranks[1])!;
  });
  afterAll(async () => {
    await cluster.close();
    await Promise.all(ranks);
  });

  const cases = CASES.filter((one) => (one.shape ?? 'pair') === shape);
  it.each(cases.map((one) => [one.name, one] as const))('%s', (_, one) => runCase(cluster, one));
});
