export { Batches } from './batches.ts';
export type { Receiver } from './inbox.ts';
export type { Mail } from './mail.ts';
export { Mailbox } from './mailbox.ts';
export { Questions } from './questions.ts';
