/** How long a test waits for what must happen: it bounds what hangs, and says nothing of how fast a machine is. */
export const PATIENCE_MS = 120_000;
