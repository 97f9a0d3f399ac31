/** Payloads up to this travel at once, larger ones ask first. Open MPI's btl_tcp_eager_limit. */
export const EAGER_LIMIT = 64 * 1024;

/**
 * Payload bytes of one DATA frame: what a small message may have to wait behind is this times CHUNKS_IN_FLIGHT.
 * Within the 256 KiB–1 MiB that Gloo and Open MPI cut large messages into.
 */
export const CHUNK_BYTES = 512 * 1024;

/** DATA frames handed to the link and not yet settled, per peer: one being written, one ready behind it. */
export const CHUNKS_IN_FLIGHT = 2;

/** DATA frames per peer and turn of the event loop when the link takes them without making us wait. */
export const CHUNKS_PER_TURN = 4;

/** Eager payload bytes a peer may have sent that were not received yet: the memory one unexpected peer can take here. */
export const CREDIT_BYTES = 4 * 1024 * 1024;

/** Eager messages a peer may have sent that were not received yet. */
export const CREDIT_MESSAGES = 1024;

/** Out-of-band arrays of one value message: 8 bytes of RTS payload each. */
export const MAX_SEGMENTS = 2 ** 22;

/** Contexts are numbered below this, so that the two planes of each fit in the header's u32. */
export const MAX_CONTEXT = 2 ** 31;
