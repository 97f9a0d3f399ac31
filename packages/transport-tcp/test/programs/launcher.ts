// A launcher that only holds the rendezvous, so that a test can kill it.
import { startRendezvous } from '../../src/rendezvous/index.ts';

const { address } = await startRendezvous({
  listen: process.env.LISTEN!,
  size: Number(process.env.PAR_SIZE),
  job: process.env.PAR_JOB!,
  secret: Buffer.from(process.env.PAR_SECRET!, 'hex'),
});
process.send!({ event: 'listening', data: address });
process.on('message', () => {}); // lives until it is killed, or the test ends
