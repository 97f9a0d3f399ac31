import { worldOf } from '@par/comm-core';
import { memoryTransports } from '@par/comm-core/memory';

import { Client, type Cluster, type InitializeOptions, initialize } from '@par/futures';

/** Scheduler, client and workers (ranks 2 …) as ranks of this process, over the in-memory transport. */
export class TestCluster implements AsyncDisposable {
  readonly cluster: Cluster;
  readonly client: Client;
  readonly #others: Promise<unknown>;

  private constructor(cluster: Cluster, others: Promise<unknown>) {
    this.cluster = cluster;
    this.client = new Client({ cluster });
    this.#others = others;
  }

  static async start({
    workers = 2,
    ...options
  }: InitializeOptions & { readonly workers?: number } = {}): Promise<TestCluster> {
    const roles = memoryTransports(workers + 2).map((transport) =>
      initialize({
        nthreads: 1,
        schedulerOptions: { validate: true, story: 50 },
        ...options,
        comm: worldOf(transport),
        exit: false,
      }),
    );
    const [scheduler, client, ...rest] = roles;
    const cluster = (await client) as Cluster;
    return new TestCluster(cluster, Promise.all([scheduler, ...rest]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cluster.close();
    await this.#others;
  }
}

/** Resolves once `check` holds. */
export async function eventually(check: () => Promise<boolean>): Promise<void> {
  const signal = AbortSignal.timeout(20_000);
  while (!(await check())) {
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
