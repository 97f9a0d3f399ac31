export type { Announcement, Member } from './messages.ts';
export { type Rendezvous, type RendezvousOptions, startRendezvous } from './server.ts';
