export { Mailbox } from './mailbox.ts';
