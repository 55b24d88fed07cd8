import { statfsSync } from 'node:fs';

/** Less than PostgreSQL needs to start at all. */
const LITTLE = 32 * 1024 * 1024;

/**
 * A suffix for an error that a full disk explains, since PostgreSQL has no room to say so in its log; otherwise empty.
 */
export function spaceLeft(folder: string): string {
  try {
    const { bavail, bsize, type, blocks } = statfsSync(folder);
    const left = bavail * bsize;
    if (blocks === 0 || type === 0 || left > LITTLE) return '';
    return ` (On the disk of ${folder} ${Math.floor(left / 1024)} kB are left: make room.)`;
  } catch {
    return '';
  }
}
