import { createHash } from 'node:crypto';

/** Longer keys are replaced by their digest: keys from clients must not fill the memory. */
const LONGEST = 200;

/** Maps a key to a unique one of bounded length. */
export const boundedKey = (key: string): string =>
  key.length <= LONGEST ? key : `sha256:${createHash('sha256').update(key).digest('base64url')}`;
