export { type Access, publishAccess, readAccess, withdrawAccess } from './access-file.ts';
export type { Announcement, Member } from './messages.ts';
export { type Rendezvous, type RendezvousOptions, startRendezvous } from './server.ts';
