// Where the codec's constants come from. An array inside the head is copied once more than one in a segment of its own, which
// costs bookkeeping instead: prints both for a message that is put into one frame and taken out of it, as an eager message is.
// node benchmarks/codec/thresholds.ts
import { createCodec } from '@par/comm-core';
import { fastestMicroseconds } from './fastest.ts';

const inline = createCodec({ outOfBandBytes: Number.POSITIVE_INFINITY });
const segmented = createCodec({ outOfBandBytes: 0 });

/** What a transport does with a small message: one frame with the segments' lengths, and views of it at the other end. */
function throughFrame(segments: readonly Uint8Array[]): Uint8Array[] {
  const lengths = Uint32Array.from(segments, (segment) => segment.length);
  const frame = Buffer.concat([new Uint8Array(lengths.buffer), ...segments]);
  let offset = lengths.byteLength;
  return Array.from(lengths, (length) => {
    offset += length;
    return frame.subarray(offset - length, offset);
  });
}

console.log(`${'bytes'.padStart(8)}${'in head'.padStart(12)}${'segment'.padStart(12)}   µs`);
for (let bytes = 64; bytes <= 65_536; bytes *= 2) {
  const value = { step: 1, data: new Uint8Array(bytes) };
  const times = [inline, segmented].map(({ encode, decode }) =>
    fastestMicroseconds(() => decode(throughFrame(encode(value)))),
  );
  console.log(String(bytes).padStart(8) + times.map((time) => time.toFixed(2).padStart(12)).join(''));
}
