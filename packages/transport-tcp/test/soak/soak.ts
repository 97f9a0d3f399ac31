// node test/soak/soak.ts [small messages] [GB of large ones]: resident memory of a pair of ranks while they talk.
import { startProcessJob } from '../process-job.ts';

const [messages = 1_000_000, gigabytes = 200] = process.argv.slice(2).map(Number);
const LARGE = 64 * 2 ** 20;

for (const family of ['unix', 'tcp']) {
  await using job = await startProcessJob(2, { PAR_TCP_FAMILY: family });
  const report = async (what: string): Promise<void> => {
    for (const rank of job.ranks) rank.order('memory');
    const bytes = await Promise.all(job.ranks.map((rank) => rank.next<number>('memory')));
    console.log(`${family} ${what}: RSS ${bytes.map((n) => `${(n / 1e6).toFixed(1)} MB`).join(', ')}`);
  };
  job.ranks[1]!.order('echo');
  await job.ranks[1]!.next('echoing');
  for (let done = 0; done < messages; done += messages / 10) {
    job.ranks[0]!.order('flood', messages / 10);
    await job.ranks[0]!.next('flooded');
    await report(`after ${done + messages / 10} small messages each way`);
  }
  job.ranks[1]!.order('quiet');
  await job.ranks[1]!.next('quiet');
  const rounds = Math.ceil((gigabytes * 1e9) / LARGE / 10);
  for (let tenth = 1; tenth <= 10; tenth++) {
    const started = performance.now();
    job.ranks[0]!.order('stream', rounds);
    await job.ranks[0]!.next('streamed');
    const rate = (rounds * LARGE) / (performance.now() - started) / 1e6;
    await report(`after ${((tenth * rounds * LARGE) / 1e9).toFixed(0)} GB (${rate.toFixed(2)} GB/s)`);
  }
}
