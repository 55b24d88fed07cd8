import { createHash } from 'node:crypto';

/** Longer keys are told apart by their digest: what a stranger names must not fill the memory. */
const LONGEST = 200;

/** A key of bounded length that only this key has. */
export const boundedKey = (key: string): string =>
  key.length <= LONGEST ? key : `sha256:${createHash('sha256').update(key).digest('base64url')}`;
