// Ends as the first argument says, after one task.
import { Client, initialize } from '../../../src/index.ts';

const cluster = await initialize(process.env.PAR_TEST_INCLUSIVE ? { exclusiveWorkers: false } : {});
const client = new Client();
const pids = await client.run(() => process.pid);
console.log(`pids ${[...pids.values()].join(' ')}`);

switch (process.argv[2]) {
  case 'end':
    break;
  case 'busy':
    client.submit(() => {
      for (;;);
    });
    break;
  case 'throw':
    throw new Error('the script failed');
  case 'exit':
    process.exit(7);
    break;
  case 'exit-0':
    process.exit(0);
    break;
  case 'close':
    await cluster.close();
    break;
  case 'killed':
    await client.submit(() => new Promise(() => {}));
}
