import { conformance } from '@par/comm-core/conformance';
import type { TestedMpi } from './mpis.ts';

/** The conformance suite over these MPIs, at every size. */
export function conformanceOf(mpis: readonly TestedMpi[]): void {
  for (const mpi of mpis) {
    conformance({
      name: mpi.name,
      capabilities: { detectsMismatch: false, survivesPeerLoss: false },
      setup: (size) => ({ launch: (program) => ({ ...mpi.command(size, program), env: mpi.env }) }),
    });
  }
}
