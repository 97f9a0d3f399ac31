import { createHash, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import { ParError } from '@par/comm-core';

/*
 * Mutual challenge-response over the job's secret, in four frames of fixed size; no length is ever read from the peer.
 *
 *   client → server  HELLO      magic, version, purpose, from, to, size, job digest, client nonce
 *   server → client  CHALLENGE  magic, server nonce, HMAC(key, 'server' ‖ HELLO ‖ server nonce)
 *   client → server  PROOF      magic, HMAC(key, 'client' ‖ HELLO ‖ server nonce)
 *   server → client  VERDICT    magic, verdict, HMAC(key, 'verdict' ‖ HELLO ‖ server nonce ‖ verdict)
 *
 * HELLO names both ends, so a proof is worth nothing between other ranks; the role labels keep it from being reflected,
 * the two nonces from being replayed.
 */

const MAGIC = Buffer.from('PARLINK\u0001', 'latin1');
const VERSION = 1;
const NONCE_BYTES = 32;
const MAC_BYTES = 32;
const DIGEST_BYTES = 32;
const HELLO_FIXED = 24;

export const HELLO_BYTES = HELLO_FIXED + DIGEST_BYTES + NONCE_BYTES;
export const CHALLENGE_BYTES = MAGIC.length + NONCE_BYTES + MAC_BYTES;
export const PROOF_BYTES = MAGIC.length + MAC_BYTES;
export const VERDICT_BYTES = MAGIC.length + 4 + MAC_BYTES;

/** The rank that stands for the rendezvous server in a handshake. */
export const RENDEZVOUS = 0xffffffff;

/** Stands for a process that has no rank yet and asks the rendezvous for a free one. */
export const NEWCOMER = 0xfffffffe;

/** What a connection is for. */
export type Purpose = 'rendezvous' | 'peer';
const PURPOSES: readonly Purpose[] = ['rendezvous', 'peer'];

/** What the server says to an authenticated client. `busy`: the connection this server is opening itself wins. */
export type Verdict = 'accept' | 'busy' | 'duplicate';
const VERDICTS: readonly Verdict[] = ['accept', 'busy', 'duplicate'];

/** One end of every handshake of a process: who it is, in what job. What they prove with is derived from the job's secret. */
export class Credentials {
  readonly rank: number;
  readonly size: number;
  readonly digest: Buffer;
  /** Key of TLS on every connection; undefined: connections are authenticated and not encrypted. */
  readonly tlsKey: Buffer | undefined;
  readonly #key: Buffer;

  constructor(rank: number, size: number, job: string, secret: Uint8Array, secure = false) {
    if (secret.length !== 32) {
      throw new ParError('PAR_ENVIRONMENT', `the job's secret has ${secret.length} bytes instead of 32`);
    }
    this.rank = rank;
    this.size = size;
    this.digest = createHash('sha256').update(job).digest();
    this.#key = Buffer.from(hkdfSync('sha256', secret, this.digest, 'par handshake', 32));
    this.tlsKey = secure ? Buffer.from(hkdfSync('sha256', secret, this.digest, 'par tls', 32)) : undefined;
  }

  mac(role: 'server' | 'client' | 'verdict', hello: Uint8Array, nonce: Uint8Array, extra?: Uint8Array): Buffer {
    const hmac = createHmac('sha256', this.#key).update(role).update(hello).update(nonce);
    if (extra !== undefined) hmac.update(extra);
    return hmac.digest();
  }
}

export interface Hello {
  readonly purpose: Purpose;
  readonly from: number;
  readonly bytes: Buffer;
}

export function writeHello(credentials: Credentials, purpose: Purpose, to: number): Buffer {
  const hello = Buffer.alloc(HELLO_BYTES);
  MAGIC.copy(hello);
  hello.writeUInt16LE(VERSION, 8);
  hello.writeUInt8(PURPOSES.indexOf(purpose), 10);
  hello.writeUInt32LE(credentials.rank, 12);
  hello.writeUInt32LE(to, 16);
  hello.writeUInt32LE(credentials.size, 20);
  credentials.digest.copy(hello, HELLO_FIXED);
  randomBytes(NONCE_BYTES).copy(hello, HELLO_FIXED + DIGEST_BYTES);
  return hello;
}

/** Reads a client's first frame. Throws Refusal unless it could come from a rank of this job and is meant for this end. */
export function readHello(credentials: Credentials, bytes: Buffer): Hello {
  requireMagic(bytes);
  if (bytes.readUInt16LE(8) !== VERSION) throw new Refusal('version', 'it speaks another version of the protocol');
  const purpose = PURPOSES[bytes.readUInt8(10)];
  const from = bytes.readUInt32LE(12);
  const expected: Purpose = credentials.rank === RENDEZVOUS ? 'rendezvous' : 'peer';
  if (purpose !== expected) throw new Refusal('purpose', 'it is meant for another kind of listener');
  if (!bytes.subarray(HELLO_FIXED, HELLO_FIXED + DIGEST_BYTES).equals(credentials.digest)) {
    throw new Refusal('job', 'it belongs to another job');
  }
  if (bytes.readUInt32LE(16) !== credentials.rank) throw new Refusal('rank', 'it is meant for another rank');
  const isRank = from < credentials.size || (from === NEWCOMER && purpose === 'rendezvous');
  if (bytes.readUInt32LE(20) !== credentials.size || !isRank || from === credentials.rank) {
    throw new Refusal('rank', `it claims to be rank ${from} of ${bytes.readUInt32LE(20)}`);
  }
  return { purpose, from, bytes: Buffer.from(bytes) };
}

export function writeChallenge(credentials: Credentials, hello: Hello): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  return Buffer.concat([MAGIC, nonce, credentials.mac('server', hello.bytes, nonce)]);
}

/** The client's answer. Throws Refusal when the server does not know the secret. */
export function answerChallenge(credentials: Credentials, hello: Buffer, challenge: Buffer): Buffer {
  requireMagic(challenge);
  const nonce = nonceOf(challenge);
  const proof = challenge.subarray(MAGIC.length + NONCE_BYTES);
  if (!timingSafeEqual(proof, credentials.mac('server', hello, nonce))) throw wrongSecret();
  return Buffer.concat([MAGIC, credentials.mac('client', hello, nonce)]);
}

/** Throws Refusal unless the client knows the secret and has seen this very challenge. */
export function checkProof(credentials: Credentials, hello: Hello, challenge: Buffer, proof: Buffer): void {
  requireMagic(proof);
  const mac = credentials.mac('client', hello.bytes, nonceOf(challenge));
  if (!timingSafeEqual(proof.subarray(MAGIC.length), mac)) throw wrongSecret();
}

export function writeVerdict(credentials: Credentials, hello: Hello, challenge: Buffer, verdict: Verdict): Buffer {
  const code = Buffer.alloc(4);
  code.writeUInt32LE(VERDICTS.indexOf(verdict));
  return Buffer.concat([MAGIC, code, credentials.mac('verdict', hello.bytes, nonceOf(challenge), code)]);
}

export function readVerdict(credentials: Credentials, hello: Buffer, challenge: Buffer, bytes: Buffer): Verdict {
  requireMagic(bytes);
  const code = bytes.subarray(MAGIC.length, MAGIC.length + 4);
  const mac = credentials.mac('verdict', hello, nonceOf(challenge), code);
  if (!timingSafeEqual(bytes.subarray(MAGIC.length + 4), mac)) throw wrongSecret();
  const verdict = VERDICTS[code.readUInt32LE()];
  if (verdict === undefined) throw new Refusal('verdict', 'it answers with an unknown verdict');
  return verdict;
}

/** Why a connection is not trusted; `kind` groups refusals for logging. */
export class Refusal extends ParError {
  readonly kind: string;
  constructor(kind: string, message: string) {
    super('PAR_PROTOCOL', message);
    this.kind = kind;
  }
}

function requireMagic(bytes: Buffer): void {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC))
    throw new Refusal('magic', 'it does not speak the protocol of par');
}

function nonceOf(challenge: Buffer): Buffer {
  return challenge.subarray(MAGIC.length, MAGIC.length + NONCE_BYTES);
}

function wrongSecret(): Refusal {
  return new Refusal('secret', "it does not know the job's secret, or replays an old handshake");
}
