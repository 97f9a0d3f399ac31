// Ends as the first argument says, after one task.
import { Client, initialize } from '@par/futures';

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
  case 'scheduler-killed': {
    const never = client.submit(() => new Promise(() => {}));
    const others = client.map((_: number): Promise<never> => new Promise(() => {}), [1, 2, 3]);
    const pid = await client.runOnScheduler(() => process.pid);
    console.log(`pids ${[...pids.values(), pid].join(' ')}`);
    process.kill(pid, 'SIGKILL');
    const outcomes = await Promise.allSettled([never, ...others, client.workers(), client.gather(others)]);
    const codes = outcomes.map((one) => (one.status === 'rejected' ? (one.reason as { code: string }).code : 'fine'));
    let then = 'fine';
    try {
      client.submit(() => 1);
    } catch (error) {
      then = (error as Error).message;
    }
    console.log(JSON.stringify({ codes, then }));
    break;
  }
  case 'killed':
    await client.submit(() => new Promise(() => {}));
}
