import { worldOf } from '../../src/comm/intracomm.ts';
import { conformance } from '../../src/conformance/index.ts';
import { memoryJob } from '../../src/memory/index.ts';

conformance({
  name: 'memory',
  capabilities: { detectsMismatch: true, survivesPeerLoss: true },
  setup(size) {
    const { transports, lose } = memoryJob(size);
    return { worlds: transports.map((transport) => worldOf(transport)), lose };
  },
  async teardown(job) {
    if ('worlds' in job) await Promise.all(job.worlds.map((world) => world[Symbol.asyncDispose]()));
  },
});
