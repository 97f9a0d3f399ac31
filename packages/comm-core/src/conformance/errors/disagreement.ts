import type { Communicator } from '../../comm/communicator.ts';
import { MAX, SUM } from '../../index.ts';
import type { ConformanceCase } from '../case.ts';
import { ranksOf } from '../tagged.ts';

/** What the last rank does otherwise than all others. */
const DISAGREEMENTS: Record<string, (comm: Communicator, odd: boolean) => Promise<unknown>> = {
  'another collective': (comm, odd) => (odd ? comm.barrier() : comm.allreduce(1, SUM)),
  'another root': (comm, odd) => comm.bcast(1, { root: odd ? 1 : 0 }),
  'another operation': (comm, odd) => comm.allreduce(1, odd ? MAX : SUM),
  'another element type': (comm, odd) => comm.bcastInto(odd ? new Float32Array(2) : new Float64Array(1)),
};

export const disagreement: readonly ConformanceCase[] = Object.entries(DISAGREEMENTS).map(([what, call]) => ({
  name: `with PAR_DEBUG=1, ${what} on one rank is an error on all ranks that names the ranks that differ`,
  minSize: 2,
  checking: true,
  async run(comm, t) {
    const { rank, size } = comm;
    const last = size - 1;
    const error = await t.rejects(call(comm, rank === last), 'PAR_MISMATCH', what);
    t.ok(error.message.includes(`rank ${last} called`), `the message names rank ${last}: ${error.message}`);
    t.equal(await comm.allgather(rank), ranksOf(size), 'the communicator afterwards');
  },
}));
