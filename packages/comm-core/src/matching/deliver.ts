import { MismatchError, ParError, TruncationError } from '../errors.ts';
import type { BufferView } from '../transport/contract.ts';
import { ELEMENT_TYPES } from '../transport/element-type.ts';
import { elementCode, elementCount, elementsMatch } from './element.ts';
import type { Message } from './message.ts';
import type { Plane } from './plane.ts';
import { describeReceive, type Outcome, RECV_BUFFER } from './receive.ts';
import { splitSegments } from './segments.ts';

/** A program sees messages of collectives only when the ranks do not call the same ones. */
const SAME_CALLS =
  'all ranks must call the same collectives in the same order with matching arguments; PAR_DEBUG=1 in their environment names the calls that differ';

/** Why a receive of this kind cannot take a message; the message is consumed all the same. */
export function objectionTo(
  plane: Plane,
  kind: number,
  into: BufferView | undefined,
  source: number,
  tag: number,
  isValue: boolean,
  detail: number,
  bytes: number,
): ParError | undefined {
  if (kind === RECV_BUFFER) {
    if (isValue) return mismatch(plane, kind, source, tag, 'a value was sent here', 'receive it with recv');
    if (!elementsMatch(elementCode(into!.type), detail)) {
      return mismatch(
        plane,
        kind,
        source,
        tag,
        `${ELEMENT_TYPES[detail]} elements were sent, the buffer has ${into!.type}`,
        'use the same typed array on both sides',
      );
    }
    if (bytes > into!.bytes.length) {
      if ((into!.bytes.buffer as Partial<ArrayBuffer>).detached) {
        return new ParError(
          'PAR_BUFFER',
          `${describeReceive(plane, kind, source, tag)}: its memory was detached while it was pending; transfer a buffer only once its promise has settled`,
        );
      }
      const advice = plane.forCollectives ? SAME_CALLS : undefined;
      return new TruncationError(bytes, into!.bytes.length, describeReceive(plane, kind, source, tag), advice);
    }
    return undefined;
  }
  return isValue
    ? undefined
    : mismatch(
        plane,
        kind,
        source,
        tag,
        `a buffer of ${ELEMENT_TYPES[detail]} was sent here`,
        'receive it with recvInto',
      );
}

function mismatch(plane: Plane, kind: number, source: number, tag: number, why: string, advice: string): MismatchError {
  const what = describeReceive(plane, kind, source, tag);
  return new MismatchError(`${what}: ${why}; ${plane.forCollectives ? SAME_CALLS : advice}`);
}

/** What a receive of an eager message settles with; an Error is what it rejects with. */
export function receiveEager(
  plane: Plane,
  kind: number,
  into: BufferView | undefined,
  message: Message,
): Outcome | ParError {
  const { source: world, tag, bytes, payload, detail, isValue } = message;
  plane.engine.consumed(message);
  const objection = objectionTo(plane, kind, into, world, tag, isValue, detail, bytes);
  if (objection !== undefined) return objection;
  const source = plane.rankOf[world]!;
  if (kind === RECV_BUFFER) {
    into!.bytes.set(payload);
    return { source, tag, bytes, count: elementCount(bytes, into!.type) };
  }
  return valueOutcome(plane, world, tag, payload, detail);
}

export function valueOutcome(
  plane: Plane,
  world: number,
  tag: number,
  payload: Uint8Array,
  count: number,
): Outcome | ParError {
  const segments = splitSegments(payload, count);
  if (segments === undefined) {
    return new ParError('PAR_PROTOCOL', `rank ${world} of the world sent a value whose table of segments is damaged`);
  }
  const bytes = count === 1 ? payload.length : payload.length - count * 4;
  return { source: plane.rankOf[world]!, tag, bytes, segments };
}
