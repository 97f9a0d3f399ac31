import { worldOf } from '../../src/comm/intracomm.ts';
import { conformance } from '../../src/conformance/index.ts';
import { memoryTransports } from '../../src/memory/index.ts';

conformance({
  name: 'memory',
  capabilities: memoryTransports(1)[0]!.capabilities,
  setup: (size) => ({ worlds: memoryTransports(size).map((transport) => worldOf(transport)) }),
  async teardown(job) {
    if ('worlds' in job) await Promise.all(job.worlds.map((world) => world[Symbol.asyncDispose]()));
  },
});
