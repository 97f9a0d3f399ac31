import { conformance } from '@par/comm-core/conformance';
import { MPIS } from './mpis.ts';

// One MPI after the other, so that no two jobs of nine polling ranks compete for the cores. Every case on every communicator at every size
// runs in memory (packages/comm-core/test/conformance).
for (const mpi of MPIS) {
  conformance({
    name: mpi.name,
    capabilities: { detectsMismatch: false, survivesPeerLoss: false },
    communicators: 'in turn',
    setup: (size) => ({ launch: (program) => ({ ...mpi.command(size, program), env: mpi.env }) }),
  });
}
