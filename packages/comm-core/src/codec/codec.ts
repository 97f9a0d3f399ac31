import { Packr, RESERVE_START_SPACE, Unpackr } from 'msgpackr/pack';
import { ArgumentTypeError, ParError } from '../errors.ts';
import type { CodecExtension } from './extension.ts';
import { Lowering } from './lower.ts';
import {
  arrayOver,
  bytesOf,
  MAX_SEGMENTS,
  MemoryReader,
  MemoryWriter,
  memoryClassOf,
  OUT_OF_BAND_BYTES,
} from './memory.ts';
import { explain, NotSerializableError } from './not-serializable.ts';
import { Raising } from './raise.ts';
import { isUtf8, REFUSED, Scan } from './scan.ts';
import { HEAD, malformed } from './tags.ts';

export interface Codec {
  /**
   * The value as segments: the head, then the memory of each large array, uncopied: it must not change until the segments
   * were written. Nobody may write to the segments. Throws NotSerializableError.
   *
   * Carries what structuredClone does, with these differences. Views over one buffer arrive separate, each owning exactly
   * its memory; Buffer stays Buffer; SharedArrayBuffer arrives as a copy. Instances of classes arrive as plain objects of
   * their own enumerable properties, objects without a prototype stay so, arrays carry their elements only. Errors keep their
   * stack, name, cause and properties. Properties may be read more than once.
   */
  encode(value: unknown): Uint8Array[];
  /**
   * The value of segments another process encoded. Takes their memory over: an array whose segment is a whole ArrayBuffer is
   * made over it without a copy. Throws ParError PAR_PROTOCOL for anything `encode` does not make.
   */
  decode(segments: readonly Uint8Array[]): unknown;
}

export interface CodecOptions {
  /** Default none. Sender and receiver need the same. */
  readonly extensions?: readonly CodecExtension[];
  /** Arrays of at least this many bytes become segments of their own. Only the sender's counts. Default 2048. */
  readonly outOfBandBytes?: number;
}

interface Settings {
  readonly extensions: readonly CodecExtension[];
  readonly outOfBandBytes: number;
}

const COMMON = { mapsAsObjects: true, moreTypes: false, structuredClone: false, useToJSON: false } as const;
/** Objects as msgpack maps: fastest for few objects, and for those with many keys. */
const MAPS = new Packr({ ...COMMON, useRecords: false, variableMapSize: true });
/** Objects of the same shape name their keys once per message (measured by benchmarks/codec/records.ts). */
const RECORDS = new Packr({ ...COMMON, useRecords: hasFewKeys, variableMapSize: true });
const RECORDS_FROM_OBJECTS = 16;
const RECORD_KEYS = 32;
/** From here on a head has memory of its own: msgpackr keeps what it wrote into, and wraps round in memory of 2 GiB. */
const OWN_MEMORY_BYTES = 2 ** 20;
/** More than this msgpackr refuses. */
const MOST_HEAD_BYTES = 2 ** 32;
/** Memory msgpackr starts with. */
const USUAL_BYTES = 8192;
const UNPACKR = new Unpackr({ ...COMMON, useRecords: false });

function hasFewKeys(object: object): boolean {
  let keys = 0;
  for (const _ in object) if (++keys > RECORD_KEYS) return false;
  return true;
}

const NOTHING = new Uint8Array(0);
const CONSTANT_HEADS = [HEAD.UNDEFINED, HEAD.NULL, HEAD.FALSE, HEAD.TRUE].map((tag) => Uint8Array.of(tag));
const TREE_PREFIX = 5;

const float = new Float64Array(1);
const floatBytes = new Uint8Array(float.buffer);

export function createCodec({ extensions = [], outOfBandBytes = OUT_OF_BAND_BYTES }: CodecOptions = {}): Codec {
  const names = new Set(extensions.map((extension) => extension.name));
  if (names.size !== extensions.length) {
    throw new ArgumentTypeError('PAR_ARGUMENT', 'createCodec: two extensions have the same name');
  }
  const settings = { extensions, outOfBandBytes };
  return {
    encode: (value) => encodeValue(value, settings),
    decode: (segments) => decodeValue(segments, extensions),
  };
}

function encodeValue(value: unknown, { extensions, outOfBandBytes }: Settings): Uint8Array[] {
  switch (typeof value) {
    case 'number':
      return [numberHead(value)];
    case 'string':
      return [stringHead(value)];
    case 'boolean':
      return [CONSTANT_HEADS[value ? HEAD.TRUE : HEAD.FALSE]!];
    case 'undefined':
      return [CONSTANT_HEADS[HEAD.UNDEFINED]!];
    case 'object': {
      if (value === null) return [CONSTANT_HEADS[HEAD.NULL]!];
      if (extensions.length > 0) break;
      const segments = ArrayBuffer.isView(value) ? arraySegments(value, outOfBandBytes) : undefined;
      if (segments) return segments;
      break;
    }
  }
  const scan = new Scan(extensions);
  try {
    scan.run(value);
  } catch (error) {
    throw error === REFUSED ? (explain(value, extensions) ?? error) : error;
  }
  if (scan.rich) return treeSegments(scan, new Lowering(scan, new MemoryWriter(outOfBandBytes)), value);
  const head = pack(value, scan, 1);
  head[0] = HEAD.MSGPACK;
  return [head];
}

/** What msgpackr makes of a value, behind `prefix` bytes of room. */
function pack(value: unknown, { objects, bytes, characters, longest }: Scan, prefix: number): Buffer {
  const packr = objects >= RECORDS_FROM_OBJECTS ? RECORDS : MAPS;
  if (bytes < OWN_MEMORY_BYTES) return packr.pack(value, RESERVE_START_SPACE + prefix);
  if (characters > MOST_HEAD_BYTES) throw tooLarge();
  try {
    // Room enough from the start, also for the last string to be three bytes a character: it would grow by copies.
    packr.useBuffer(Buffer.allocUnsafeSlow(Math.min(MOST_HEAD_BYTES, bytes + 2 * longest + USUAL_BYTES)));
    return packr.pack(value, RESERVE_START_SPACE + prefix);
  } catch (cause) {
    throw tooLarge(cause);
  } finally {
    packr.useBuffer(Buffer.allocUnsafeSlow(USUAL_BYTES));
  }
}

function tooLarge(cause?: unknown): NotSerializableError {
  return new NotSerializableError('value', 'too large to be encoded in one piece (4 GiB, typed arrays apart)', {
    advice: 'send it in parts, or keep numbers in typed arrays',
    ...(cause !== undefined && { cause }),
  });
}

function numberHead(value: number): Uint8Array {
  const head = Buffer.allocUnsafe(9);
  head[0] = HEAD.NUMBER;
  float[0] = value;
  head.set(floatBytes, 1);
  return head;
}

function stringHead(text: string): Uint8Array {
  const utf8 = isUtf8(text);
  const head = Buffer.allocUnsafe(1 + (utf8 ? Buffer.byteLength(text) : 2 * text.length));
  head[0] = utf8 ? HEAD.UTF8 : HEAD.UTF16;
  head.write(text, 1, utf8 ? 'utf8' : 'utf16le');
  return head;
}

/** A lone array: no tree, no scan. Undefined for what is refused later. */
function arraySegments(array: ArrayBufferView, outOfBandBytes: number): Uint8Array[] | undefined {
  if ((array.buffer as Partial<ArrayBuffer>).detached) return undefined;
  const code = memoryClassOf(array)!;
  const bytes = bytesOf(array);
  if (bytes.length >= outOfBandBytes) return [Uint8Array.of(HEAD.SEGMENT_ARRAY, code), bytes];
  const head = Buffer.allocUnsafe(2 + bytes.length);
  head[0] = HEAD.INLINE_ARRAY;
  head[1] = code;
  head.set(bytes, 2);
  return [head];
}

function treeSegments(scan: Scan, lowering: Lowering, value: unknown): Uint8Array[] {
  const packed = pack(lowering.run(value), scan, TREE_PREFIX);
  packed[0] = HEAD.TREE;
  packed.writeUInt32LE(packed.length - TREE_PREFIX, 1);
  const { inline, segments } = lowering.memory;
  return [inline.length === 0 ? packed : Buffer.concat([packed, ...inline]), ...segments];
}

function decodeValue(segments: readonly Uint8Array[], extensions: readonly CodecExtension[]): unknown {
  const head = segments[0];
  if (head === undefined || head.length === 0) throw malformed('it is empty');
  if (segments.length > 1 + MAX_SEGMENTS) throw malformed(`it has ${segments.length} segments`);
  const tag = head[0]!;
  if (segments.length > 1 && tag !== HEAD.TREE && tag !== HEAD.SEGMENT_ARRAY)
    throw malformed('it has too many segments');
  try {
    return decodeHead(tag, head, segments, extensions);
  } catch (error) {
    if (error instanceof ParError) throw error;
    throw malformed(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function decodeHead(
  tag: number,
  head: Uint8Array,
  segments: readonly Uint8Array[],
  extensions: readonly CodecExtension[],
): unknown {
  switch (tag) {
    case HEAD.MSGPACK:
      return unpack(head, 1, head.length);
    case HEAD.NUMBER:
      if (head.length !== 9) throw malformed('a number has other than 8 bytes');
      for (let i = 0; i < 8; i++) floatBytes[i] = head[i + 1]!;
      return float[0];
    case HEAD.UTF8:
      return asBuffer(head).toString('utf8', 1);
    case HEAD.UTF16:
      return asBuffer(head).toString('utf16le', 1);
    case HEAD.SEGMENT_ARRAY:
      if (head.length !== 2 || segments.length !== 2) throw malformed('an array has no segment');
      return arrayOver(head[1], segments[1]!);
    case HEAD.INLINE_ARRAY:
      // A copy of its own, even when this head is exactly one ArrayBuffer.
      return arrayOver(head[1], new Uint8Array(head.subarray(2)));
    case HEAD.TREE:
      return decodeTree(head, segments, extensions);
    case HEAD.UNDEFINED:
    case HEAD.NULL:
    case HEAD.FALSE:
    case HEAD.TRUE:
      if (head.length !== 1) throw malformed('bytes follow a constant');
      return tag === HEAD.UNDEFINED ? undefined : tag === HEAD.NULL ? null : tag === HEAD.TRUE;
    default:
      throw malformed(`its first byte is ${tag}`);
  }
}

function decodeTree(head: Uint8Array, segments: readonly Uint8Array[], extensions: readonly CodecExtension[]): unknown {
  if (head.length < TREE_PREFIX) throw malformed('it ends within its length');
  const end = TREE_PREFIX + asBuffer(head).readUInt32LE(1);
  if (end > head.length) throw malformed('its tree is longer than the message');
  const tree = unpack(head, TREE_PREFIX, end);
  const memory = new MemoryReader(segments, end === head.length ? NOTHING : head.subarray(end));
  const value = new Raising(tree, memory, extensions).run();
  memory.finish();
  return value;
}

function unpack(head: Uint8Array, start: number, end: number): unknown {
  if (start >= end) throw malformed('it ends before its value');
  return UNPACKR.unpack(head, { start, end });
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
