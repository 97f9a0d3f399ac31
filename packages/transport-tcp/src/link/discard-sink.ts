import type { FrameSink } from '@par/comm-core/transport';

let memory = new Uint8Array(0);

/** Takes frames and forgets them: what still arrives after this end has closed. */
export const DISCARD: FrameSink = {
  begin(_source, _header, length) {
    if (memory.length < length) memory = new Uint8Array(length);
    return memory.subarray(0, length);
  },
  end() {},
  lost() {},
  aborted() {},
};
