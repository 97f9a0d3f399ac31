import { ArgumentRangeError } from '../errors.ts';
import type { Engine } from './engine.ts';
import { DATA, EAGER, REFUSED_CANCELLED, RELEASED, RTS, SYNCHRONOUS, VALUE } from './header.ts';
import { CHUNK_BYTES, CHUNKS_IN_FLIGHT, CHUNKS_PER_TURN, EAGER_LIMIT, MAX_SEGMENTS } from './limits.ts';
import { CANCELLING, DONE, Outgoing } from './outgoing.ts';
import type { Peer } from './peer.ts';
import type { Plane } from './plane.ts';
import { errorOf, refusalOf } from './refusal.ts';
import { joinSegments, packLengths, tableBytes } from './segments.ts';

/** Announces a message too large for eager, without credit for it, or whose sender wants to know when it was matched. */
export function startSend(
  plane: Plane,
  peer: Peer,
  segments: readonly Uint8Array[],
  total: number,
  flags: number,
  detail: number,
  tag: number,
  synchronous: boolean,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { engine } = plane;
  const isValue = (flags & VALUE) !== 0;
  if (segments.length > MAX_SEGMENTS) {
    const what = `a value with ${segments.length - 1} out-of-band arrays; the most are ${MAX_SEGMENTS - 1}`;
    return Promise.reject(
      new ArgumentRangeError('PAR_COUNT', `send dest=${plane.rankOf[peer.rank]} tag=${tag}: ${what}`),
    );
  }
  const length = isValue ? total + tableBytes(segments.length) : total;
  const eager = synchronous && length <= EAGER_LIMIT && peer.sendCredits.spend(length);
  const send = new Outgoing(plane, peer, peer.nextId(), tag, segments, total, eager, signal);
  peer.outgoing.set(send.id, send);
  const { id } = plane.queues;
  let flushed: Promise<void> | undefined;
  if (eager) {
    const payload = isValue && segments.length !== 1 ? joinSegments(segments, total) : segments[0];
    flushed = engine.send(peer, EAGER, flags | SYNCHRONOUS, detail, id, tag, send.id, 0, payload);
  } else {
    flushed = engine.send(
      peer,
      RTS,
      flags,
      detail,
      id,
      tag,
      send.id,
      total,
      isValue ? packLengths(segments) : undefined,
    );
  }
  if (flushed !== undefined) flushed.catch((error: Error) => send.end(error));
  return send.promise;
}

/** CTS. False when nothing waits for it. */
export function answered(engine: Engine, peer: Peer, id: number, flags: number): boolean {
  const send = peer.outgoing.get(id);
  if (send === undefined || send.state > CANCELLING) return false;
  if ((flags & RELEASED) !== 0) {
    send.end(undefined);
    return true;
  }
  if (send.eager || send.total === 0) return false;
  send.matched();
  peer.transfers.push(send);
  pump(engine, peer);
  return true;
}

/** REFUSE. False when nothing waits for it. */
export function refused(engine: Engine, peer: Peer, id: number, reason: number, lost: number): boolean {
  const send = peer.outgoing.get(id);
  if (send === undefined || send.state > CANCELLING) return false;
  if (reason === REFUSED_CANCELLED) {
    if (send.state !== CANCELLING) return false;
    send.end(send.reason);
    return true;
  }
  const refusal = refusalOf(reason, peer.rank, lost);
  if (refusal === undefined || (refusal.kind === 'lost' && lost >= engine.size)) return false;
  send.end(send.reason ?? errorOf(refusal, send.toString()));
  return true;
}

/** Hands the link some chunks of the transfers to a peer, in turn, so that small messages and other transfers get between. */
function pump(engine: Engine, peer: Peer): void {
  const { transfers } = peer;
  let turn = CHUNKS_PER_TURN;
  while (transfers.length > 0 && peer.chunksInFlight < CHUNKS_IN_FLIGHT) {
    if (turn-- === 0) {
      if (!peer.resuming) setImmediate(resume, engine, peer);
      peer.resuming = true;
      return;
    }
    const send = transfers.shift()!;
    if (send.state === DONE) continue;
    sendChunk(engine, peer, send);
  }
}

function resume(engine: Engine, peer: Peer): void {
  peer.resuming = false;
  pump(engine, peer);
}

function sendChunk(engine: Engine, peer: Peer, send: Outgoing): void {
  const offset = send.sent;
  const chunk = send.nextChunk(CHUNK_BYTES);
  if (send.sent < send.total) peer.transfers.push(send);
  const flushed = engine.send(peer, DATA, 0, 0, send.plane.queues.id, send.tag, send.id, offset, chunk);
  if (flushed !== undefined) {
    peer.chunksInFlight++;
    send.unsettled++;
    flushed.then(
      () => {
        send.unsettled--;
        chunkSettled(engine, peer, send);
      },
      (error: Error) => {
        send.end(error);
        chunkSettled(engine, peer, send);
      },
    );
  } else if (send.sent === send.total && send.unsettled === 0) {
    send.end(undefined);
  }
}

function chunkSettled(engine: Engine, peer: Peer, send: Outgoing): void {
  peer.chunksInFlight--;
  if (send.sent === send.total && send.unsettled === 0) send.end(undefined);
  pump(engine, peer);
}
