import { settingsOf } from './options.ts';
import type { FromProcess, ToProcess } from './process/messages.ts';
import { ProcessMail } from './process/process-mail.ts';
import { WorkerRank } from './worker.ts';

// Program of the process that a rank runs its worker in (isolation: 'process').

let mail: ProcessMail | undefined;
// Without its rank a worker is of no use.
process.on('disconnect', () => process.exit(0));
process.on('message', (message: ToProcess) => {
  if (message.kind !== 'start') {
    mail?.received(message);
    return;
  }
  const send = (sent: FromProcess): void => void process.send!(sent);
  mail = new ProcessMail(message, send);
  void new WorkerRank(mail, settingsOf(message.options, message.size), undefined)
    .run()
    .then(() => process.disconnect());
});
