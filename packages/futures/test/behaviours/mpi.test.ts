import { SYSTEM_MPIS } from '../../../transport-mpi/test/mpis.ts';
import { behavioursOfJob } from './job.ts';

for (const mpi of SYSTEM_MPIS) {
  behavioursOfJob(`ranks of ${mpi.name}`, {
    command: (size, program) => mpi.command(size, program),
    env: mpi.env,
  });
}
