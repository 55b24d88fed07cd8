/** Timeout of a test's waits: it bounds a hang, and says nothing of how fast a machine is. */
export const PATIENCE_MS = 120_000;
