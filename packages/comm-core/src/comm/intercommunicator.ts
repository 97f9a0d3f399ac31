import type { Group } from '../group.ts';
import type { Collectives, Communicator, PointToPoint, Waitable } from './communicator.ts';

/** Two disjoint groups: messages go to ranks of the remote group, collectives move data from one group to the other. */
export interface Intercommunicator extends PointToPoint, Collectives, AsyncDisposable {
  /** Rank in the local group. */
  readonly rank: number;
  /** Size of the local group. */
  readonly size: number;
  readonly remoteSize: number;
  readonly group: Group;
  readonly remoteGroup: Group;
  readonly transport: string;
  name: string;
  dup(options?: Waitable): Promise<Intercommunicator>;
  /** One intracommunicator of both groups; the group passing `high: true` comes last. */
  merge(options?: { high?: boolean } & Waitable): Promise<Communicator>;
  free(): Promise<void>;
}
