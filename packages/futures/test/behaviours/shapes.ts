import type { Communicator } from '@par/comm-core';
import { type Cluster, initialize } from '@par/futures';

interface WorkerShape {
  readonly name?: string;
  readonly nthreads: number;
  readonly resources?: Readonly<Record<string, number>>;
  readonly isolation?: 'process';
}

/** The clusters that cases run on: workers from rank 2 on, after the scheduler and the client. */
export const SHAPES = {
  pair: [
    { name: 'alice', nthreads: 1, resources: { A: 2 } },
    { name: 'bob', nthreads: 2, resources: { A: 1 } },
  ],
  isolated: Array.from({ length: 3 }, () => ({ nthreads: 1, isolation: 'process' as const })),
  five: Array.from({ length: 5 }, () => ({ nthreads: 1 })),
} as const satisfies Readonly<Record<string, readonly WorkerShape[]>>;
export type ShapeName = keyof typeof SHAPES;

export function sizeOf(shape: ShapeName): number {
  return SHAPES[shape].length + 2;
}

/** Plays this rank's part in the cluster: comes back at once for the client, for all others when it is over. Collective. */
export async function play(comm: Communicator, shape: ShapeName): Promise<Cluster | undefined> {
  const worker: WorkerShape | undefined = SHAPES[shape][comm.rank - 2];
  const cluster = await initialize({
    comm,
    exit: false,
    cancelGraceMs: 50,
    schedulerOptions: { validate: true, story: 50 },
    ...worker,
  });
  return cluster.role === 'client' ? cluster : undefined;
}
