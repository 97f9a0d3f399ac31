// Every vector collective with a block of more than 2^31 - 1 elements (int8) or bytes (float64), in place too, on each MPI whose name has the word
// given. Two ranks, up to 10 GiB, 2 to 10 s each.
// node packages/transport-mpi/test/soak/vectors.ts [word] [call]
import { join } from 'node:path';
import { MPIS, PROGRAMS } from '../mpis.ts';
import { linesOf, runJob } from '../run-job.ts';

const [word = '', only = ''] = process.argv.slice(2);
const IN_PLACE = ['gather', 'scatter', 'allgather', 'reduceScatter'];
const CALLS = [...IN_PLACE, 'allgatherEqual', 'alltoall', 'neighborAlltoall'];
const right = JSON.stringify([0, 0].map((wrong) => JSON.stringify({ wrong })));
let failed = 0;

for (const mpi of MPIS.filter(({ name }) => name.includes(word))) {
  for (const call of CALLS.filter((name) => name.includes(only))) {
    for (const type of ['int8', 'float64']) {
      for (const where of IN_PLACE.includes(call) ? ['', 'in place'] : ['']) {
        const program = [join(PROGRAMS, 'vectors.ts'), 'long', call, type, where];
        const started = performance.now();
        const finished = await runJob(mpi.command(2, program), mpi.env, 120_000);
        const seconds = ((performance.now() - started) / 1000).toFixed(1);
        const passed = finished.status === 0 && JSON.stringify(linesOf(finished)) === right;
        if (!passed) failed += 1;
        console.log(`${mpi.name}: ${call} ${type} ${where}: ${passed ? 'right' : 'WRONG'}, ${seconds} s`);
        if (!passed) console.log(finished.status, finished.stdout, finished.stderr);
      }
    }
  }
}
process.exitCode = failed === 0 ? 0 : 1;
