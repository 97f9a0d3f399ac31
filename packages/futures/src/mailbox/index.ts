export { Mailbox } from './mailbox.ts';
export { Questions } from './questions.ts';
