export type { MoreWorkers } from './membership.ts';
export type { HostRecord, Outgoing } from './outbox.ts';
export { Scheduler, type SchedulerEvent } from './scheduler.ts';
export type { SchedulerOptions } from './state.ts';
