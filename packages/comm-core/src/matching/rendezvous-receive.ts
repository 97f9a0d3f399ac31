import { ParError } from '../errors.ts';
import { objectionTo } from './deliver.ts';
import { elementCount } from './element.ts';
import type { Engine } from './engine.ts';
import { CTS, RELEASED } from './header.ts';
import { Incoming } from './incoming.ts';
import type { Message } from './message.ts';
import type { Peer } from './peer.ts';
import type { Receive } from './receive.ts';
import { errorOf } from './refusal.ts';
import { allocate, unpackLengths } from './segments.ts';

/** A receive and an announced message have met: makes room and asks for the data, or releases the sender when nothing is to come. */
export function startReceive(engine: Engine, receive: Receive, message: Message): void {
  const peer = engine.peer(message.source);
  if (peer.gone !== undefined) {
    receive.fail(errorOf(peer.gone, receive.toString()));
    return;
  }
  const { source, tag, isValue, detail, bytes, id } = message;
  const { plane, kind, into } = receive;
  const objection = objectionTo(plane, kind, into, source, tag, isValue, detail, bytes);
  const room = objection ?? makeRoom(receive, message);
  if (room instanceof Error) {
    engine.control(peer, CTS, RELEASED, 0, id, 0);
    receive.fail(room);
    return;
  }
  const incoming = new Incoming(receive, message, room);
  if (bytes === 0) {
    engine.control(peer, CTS, RELEASED, 0, id, 0);
    succeed(incoming);
    return;
  }
  peer.incoming.set(id, incoming);
  engine.begun();
  engine.control(peer, CTS, 0, 0, id, 0);
}

export function continueReceive(engine: Engine, peer: Peer, incoming: Incoming, length: number): void {
  if (!incoming.advance(length)) return;
  peer.incoming.delete(incoming.message.id);
  succeed(incoming);
  engine.done();
}

/** One piece of memory per segment, or the caller's buffer; an Error when there is none. */
function makeRoom(receive: Receive, message: Message): Uint8Array[] | Error {
  const { memory } = receive;
  const { bytes } = message;
  if (memory !== undefined) return [bytes === memory.length ? memory : memory.subarray(0, bytes)];
  const lengths = unpackLengths(message.payload, bytes);
  if (lengths === undefined) {
    return new ParError('PAR_PROTOCOL', `${receive}: the announced segments do not add up to ${bytes} bytes`);
  }
  try {
    return lengths.map(allocate);
  } catch (cause) {
    return new ParError('PAR_BUFFER', `${receive}: no memory for a message of ${bytes} bytes; send it in parts`, {
      cause,
    });
  }
}

function succeed({ receive, message, segments }: Incoming): void {
  const { plane, into } = receive;
  const { tag, bytes } = message;
  const source = plane.rankOf[message.source]!;
  if (into !== undefined) receive.succeed({ source, tag, bytes, count: elementCount(bytes, into.type) });
  else receive.succeed({ source, tag, bytes, segments });
}
