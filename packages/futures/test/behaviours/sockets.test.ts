import { join } from 'node:path';
import { behavioursOfJob } from './job.ts';

const par = join(import.meta.dirname, '../../../cli/dist/bin.js');

behavioursOfJob('ranks over sockets', {
  command: (size, program) => ({
    command: process.execPath,
    args: [par, 'run', '-np', String(size), '--no-label', ...program],
  }),
});
