import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LAST_NUMBER, layoutOf, readFirst, readOnly, slabOf, writeFirst } from '../src/messages/first-message.ts';
import { SMALL } from '../src/native.ts';

const segments = fc.array(fc.uint8Array({ maxLength: 1500 }), { minLength: 1, maxLength: 300 });

describe('the first message of a value', () => {
  it('fits, says what follows, and gives back the segments that came with it', () => {
    fc.assert(
      fc.property(segments, fc.integer({ min: 1, max: LAST_NUMBER }), fc.boolean(), (sent, number, acknowledge) => {
        const layout = layoutOf(sent);
        expect(layout.bytes).toBeLessThanOrEqual(SMALL);
        const slab = slabOf(2 * SMALL);
        const needed = layout.follows || acknowledge ? number : 0;
        writeFirst(slab.bytes.subarray(SMALL), sent, layout, needed, acknowledge);
        const first = readFirst(slab, SMALL, layout.bytes);
        expect(first).toMatchObject({ count: sent.length, number: needed, follows: layout.follows, acknowledge });
        expect(first.inline).toEqual(sent.slice(0, layout.inline));
        const alone = sent.length === 1 && needed === 0;
        expect(readOnly(slab, SMALL, layout.bytes)).toEqual(alone ? sent[0] : undefined);
        if (layout.lengthsFollow) expect(first.lengths).toBeUndefined();
        else expect(first.lengths).toEqual(sent.map((segment) => segment.length));
      }),
    );
  });

  it('sends everything in one message as long as it fits', () => {
    expect(layoutOf([new Uint8Array(SMALL - 16)])).toMatchObject({ follows: false, inline: 1 });
    expect(layoutOf([new Uint8Array(SMALL - 15)])).toMatchObject({ follows: true, inline: 0 });
    expect(layoutOf([new Uint8Array(10), new Uint8Array(SMALL)])).toMatchObject({ follows: true, inline: 1 });
  });

  it('refuses a message whose size contradicts its header', () => {
    const sent = [new Uint8Array(10)];
    const slab = slabOf(SMALL);
    const layout = layoutOf(sent);
    writeFirst(slab.bytes, sent, layout, 0, false);
    expect(readOnly(slab, 0, layout.bytes - 1)).toBeUndefined();
    expect(() => readFirst(slab, 0, layout.bytes - 1)).toThrow(expect.objectContaining({ code: 'PAR_PROTOCOL' }));
  });
});
