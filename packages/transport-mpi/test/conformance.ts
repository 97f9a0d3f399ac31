import { conformance } from '@par/comm-core/conformance';
import type { TestedMpi } from './mpis.ts';

/** The conformance suite over these MPIs, at every size; every case on every communicator at every size runs in memory. */
export function conformanceOf(mpis: readonly TestedMpi[]): void {
  for (const mpi of mpis) {
    conformance({
      name: mpi.name,
      capabilities: { detectsMismatch: false, survivesPeerLoss: false },
      communicators: 'in turn',
      setup: (size) => ({ launch: (program) => ({ ...mpi.command(size, program), env: mpi.env }) }),
    });
  }
}
