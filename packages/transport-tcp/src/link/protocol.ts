/*
 * Frames of the link itself share the stream with comm-core's. They are told apart by the length field (float64 at
 * byte 16 of the 32-byte header), which is negative in them.
 */

export const LENGTH_OFFSET = 16;

/** Nothing will follow from this end. */
export const BYE = -1;
/** Answer to BYE: this end has read everything and sends nothing more either. */
export const BYE_ACK = -2;
/**
 * The job ends: status as int32 at byte 0, length of the UTF-8 reason that follows as uint32 at byte 4, and as int32 at byte 8
 * the rank whose loss is behind it, or NOBODY_LOST.
 */
export const ABORT = -3;
export const NOBODY_LOST = -1;

/** Longest reason an ABORT carries, in bytes. */
export const REASON_BYTES = 4096;
