import type { Address } from '../address.ts';
import { Discard, FixedFrame } from './fixed-frame.ts';
import {
  answerChallenge,
  CHALLENGE_BYTES,
  type Credentials,
  type Purpose,
  Refusal,
  readVerdict,
  VERDICT_BYTES,
  type Verdict,
  writeHello,
} from './handshake.ts';
import { type ByteConsumer, dial, type Wire } from './wire.ts';

export interface Greeting {
  readonly credentials: Credentials;
  readonly purpose: Purpose;
  /** Rank that must be at the other end. */
  readonly to: number;
  /** Milliseconds until it fails; undefined: never, because the other end may be computing for minutes before it answers. */
  readonly deadline: number | undefined;
  /** Consumer of what follows an accepted handshake; called before anything else is read. */
  accepted(wire: Wire): ByteConsumer;
  /** The other end is genuine and does not take the connection. */
  declined(verdict: Verdict): void;
  /** Nothing there, or an end that is not genuine. */
  failed(error: Error): void;
}

/** Connects and goes through the client's half of the handshake; exactly one of the three callbacks is called. */
export function greet(address: Address, greeting: Greeting): Wire {
  const { credentials } = greeting;
  const hello = writeHello(credentials, greeting.purpose, greeting.to);
  let settled = false;
  const timer =
    greeting.deadline &&
    setTimeout(
      () => wire.destroy(new Refusal('deadline', `no answer within ${greeting.deadline} ms`)),
      greeting.deadline,
    );

  const onChallenge = new FixedFrame(CHALLENGE_BYTES, (challenge) => {
    guarded(wire, () => {
      const proof = answerChallenge(credentials, hello, challenge);
      wire.consumer = new FixedFrame(VERDICT_BYTES, (bytes) => {
        guarded(wire, () => conclude(readVerdict(credentials, hello, challenge, bytes)));
      });
      wire.socket.write(proof);
    });
  });

  const conclude = (verdict: Verdict): void => {
    settled = true;
    clearTimeout(timer);
    if (verdict === 'accept') {
      wire.onClosed = () => {};
      wire.consumer = greeting.accepted(wire);
    } else {
      wire.consumer = new Discard();
      wire.destroy();
      greeting.declined(verdict);
    }
  };

  const wire = dial(address, onChallenge, () => wire.socket.write(hello), credentials.tlsKey);
  wire.onClosed = (error) => {
    clearTimeout(timer);
    if (!settled) greeting.failed(error ?? new Refusal('eof', 'the connection was closed during the handshake'));
  };
  return wire;
}

/** Runs a step of a handshake; a refusal closes the wire and nothing more is read from it. */
export function guarded(wire: Wire, step: () => void): void {
  try {
    step();
  } catch (error) {
    wire.consumer = new Discard();
    wire.destroy(error as Error);
  }
}
