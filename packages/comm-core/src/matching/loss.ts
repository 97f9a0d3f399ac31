import { type AbortedError, PeerLostError } from '../errors.ts';
import type { Engine } from './engine.ts';
import { RTS } from './header.ts';
import type { Peer } from './peer.ts';
import type { MatchQueues } from './queues.ts';
import { concerns, errorOf, type Refusal } from './refusal.ts';

export type FailureListener = (error: Error, rank: number) => void;

/** What happens when a peer goes, or the job does: no operation that needs it waits any longer. */
export class Losses {
  private readonly engine: Engine;
  private readonly reported: { error: Error; rank: number }[] = [];
  private readonly listeners: FailureListener[] = [];

  constructor(engine: Engine) {
    this.engine = engine;
  }

  /** Tells the listener of failures so far, then of each new one. */
  listen(listener: FailureListener): void {
    this.listeners.push(listener);
    for (const { error, rank } of this.reported) listener(error, rank);
  }

  /** `error` undefined: the peer said goodbye. What it sent whole can still be received. */
  lose(rank: number, error: Error | undefined): void {
    const { engine } = this;
    const peer = engine.peer(rank);
    if (peer.gone !== undefined) return;
    const gone: Refusal = error === undefined ? { kind: 'finished', rank } : { kind: 'lost', rank, cause: error };
    peer.gone = gone;
    engine.troubled = true;
    endTransfers(engine, peer, gone);
    for (const message of [...peer.announced.values()]) if (message.kind === RTS) engine.take(message);
    for (const context of [...engine.contexts.values()]) {
      if (!context.includes(rank)) continue;
      if (gone.kind === 'lost') refuseOperations(engine, context.collective.queues, gone);
      for (const plane of [context, context.collective]) {
        for (const receive of plane.queues.waiting()) {
          const unreachable = plane.unreachable(receive.source);
          if (unreachable === undefined) continue;
          receive.matched();
          receive.fail(errorOf(unreachable, receive.toString()));
        }
      }
    }
    if (error === undefined) return;
    this.report(
      error instanceof PeerLostError
        ? error
        : new PeerLostError(rank, `rank ${rank} of the world is lost: ${error.message}`, { cause: error }),
      rank,
    );
  }

  abort(status: number, reason: string, by: number, lost: number | undefined): void {
    const { engine } = this;
    if (engine.ended?.kind === 'aborted') return;
    const refusal: Refusal = { kind: 'aborted', status, reason, by, lost };
    engine.ended = refusal;
    for (const peer of engine.peers) endTransfers(engine, peer, refusal);
    for (const queues of engine.queues.values()) {
      queues.refusal = refusal;
      failWaiting(queues, refusal);
    }
    if (by !== engine.rank) this.report(errorOf(refusal, 'the job') as AbortedError, by);
  }

  private report(error: Error, rank: number): void {
    this.reported.push({ error, rank });
    for (const listener of this.listeners) listener(error, rank);
  }
}

/** Rejects what waits in a plane and turns down what comes: receives at once, sends as soon as their peers give them back. */
export function refuseOperations(engine: Engine, queues: MatchQueues, refusal: Refusal): void {
  refuseReceives(engine, queues, refusal);
  for (const peer of engine.peers) {
    for (const send of peer.outgoing.values()) {
      if (send.plane.queues === queues && concerns(refusal, send.tag)) {
        send.takeBack(errorOf(refusal, send.toString()));
      }
    }
  }
}

export function refuseReceives(engine: Engine, queues: MatchQueues, refusal: Refusal): void {
  // A freed plane stays freed, whatever happens to its members.
  if (queues.refusal !== undefined && queues.refusal.kind !== 'lost') return;
  queues.refusal = refusal;
  for (const message of queues.arrivals) {
    if (!concerns(refusal, message.tag)) continue;
    engine.take(message);
    engine.dispose(message, refusal);
  }
  failWaiting(queues, refusal);
}

function failWaiting(queues: MatchQueues, refusal: Refusal): void {
  for (const receive of queues.waiting()) {
    if (!concerns(refusal, receive.tag)) continue;
    receive.matched();
    receive.fail(errorOf(refusal, receive.toString()));
  }
}

/** Everything that is matched with this peer or waits for its answer. */
function endTransfers(engine: Engine, peer: Peer, refusal: Refusal): void {
  const { receive } = peer;
  peer.kind = 0;
  peer.receive = undefined;
  peer.objection = undefined;
  peer.transfer = undefined;
  peer.memory = undefined;
  peer.transfers.length = 0;
  if (receive !== undefined) receive.fail(errorOf(refusal, receive.toString()));
  for (const [id, incoming] of [...peer.incoming]) {
    peer.incoming.delete(id);
    incoming.receive.fail(errorOf(refusal, incoming.receive.toString()));
    engine.done();
  }
  for (const send of [...peer.outgoing.values()]) send.end(errorOf(refusal, send.toString()));
}
