/** A value message is a list of segments. These put several into one eager payload, and their lengths into an RTS. */

/** Bytes in front of an eager payload of `count` segments: a single one needs no table. */
export function tableBytes(count: number): number {
  return count === 1 ? 0 : count * 4;
}

export function totalBytes(segments: readonly Uint8Array[]): number {
  let total = 0;
  for (const segment of segments) total += segment.length;
  return total;
}

export function joinSegments(segments: readonly Uint8Array[], total: number): Uint8Array {
  let at = tableBytes(segments.length);
  const payload = new Uint8Array(at + total);
  const table = new DataView(payload.buffer);
  for (let i = 0; i < segments.length; i++) {
    const segment = segments[i]!;
    table.setUint32(i * 4, segment.length, true);
    payload.set(segment, at);
    at += segment.length;
  }
  return payload;
}

/** The segments of an eager payload, each in memory of its own. Undefined when its table and length disagree. */
export function splitSegments(payload: Uint8Array, count: number): Uint8Array[] | undefined {
  if (count === 1) return [payload];
  let at = tableBytes(count);
  if (payload.length < at) return undefined;
  const table = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const segments: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    const end = at + table.getUint32(i * 4, true);
    if (end > payload.length) return undefined;
    segments.push(payload.slice(at, end));
    at = end;
  }
  return at === payload.length ? segments : undefined;
}

export function packLengths(segments: readonly Uint8Array[]): Uint8Array {
  const payload = new Uint8Array(segments.length * 8);
  const view = new DataView(payload.buffer);
  for (let i = 0; i < segments.length; i++) view.setFloat64(i * 8, segments[i]!.length, true);
  return payload;
}

/** Undefined when they are not lengths that add up to `total`. */
export function unpackLengths(payload: Uint8Array, total: number): number[] | undefined {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const lengths: number[] = [];
  let sum = 0;
  for (let at = 0; at < payload.length; at += 8) {
    const length = view.getFloat64(at, true);
    if (!Number.isSafeInteger(length) || length < 0) return undefined;
    lengths.push(length);
    sum += length;
  }
  return sum === total ? lengths : undefined;
}

/** Memory for what arrives, in an ArrayBuffer of exactly this size. Large memory is not cleared first: the message fills it. */
export function allocate(length: number): Uint8Array {
  return length < 8192 ? new Uint8Array(length) : new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
}
