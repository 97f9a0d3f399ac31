// Whether ranks compare their collectives is decided when the library is loaded.
process.env.PAR_DEBUG = '1';
const { worldOf } = await import('../../src/comm/intracomm.ts');
const { conformance } = await import('../../src/conformance/index.ts');
const { memoryJob } = await import('../../src/memory/index.ts');

conformance({
  name: 'memory, collectives compared',
  capabilities: { detectsMismatch: true, survivesPeerLoss: true },
  sizes: [3, 4],
  setup(size) {
    const { transports, lose } = memoryJob(size);
    return { worlds: transports.map((transport) => worldOf(transport)), lose };
  },
  async teardown(job) {
    if ('worlds' in job) await Promise.all(job.worlds.map((world) => world[Symbol.asyncDispose]()));
  },
});
