/** How long an upload may take: the gateway ends a later one, and the agent keeps its record until then. */

/** The slowest line that an upload may have, in bytes a millisecond: 32 KiB, or 262 kbit, a second. */
const BYTES_PER_MS = 32.768;
/** What each upload may take beside that, in milliseconds: lines stall for a while. */
const STALL_MS = 60_000;
/** What follows the last byte, in milliseconds: it is flushed to a disk or taken by a bucket, and the agent is told. */
const ENDING_MS = 600_000;

/** How long the bytes of an upload may take to arrive, in milliseconds. */
export const uploadMs = (bytes: number): number => STALL_MS + Math.ceil(bytes / BYTES_PER_MS);

/** How long the record of an upload that begins now must be there, in milliseconds. */
export const heldMs = (bytes: number): number => uploadMs(bytes) + ENDING_MS;
