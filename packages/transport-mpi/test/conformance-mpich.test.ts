import { conformance } from '@par/comm-core/conformance';
import { MPIS } from './mpis.ts';

for (const mpi of MPIS.filter(({ family }) => family === 'mpich')) {
  conformance({
    name: mpi.name,
    capabilities: { detectsMismatch: false, survivesPeerLoss: false },
    setup: (size) => ({ launch: (program) => ({ ...mpi.command(size, program), env: mpi.env }) }),
  });
}
