import { createHash, randomBytes } from 'node:crypto';

/** A refresh token: 256 random bits. Shown to its owner once; only its hash is stored. */
export const newRefreshToken = (): string => randomBytes(32).toString('base64url');

/** The stored hash of a refresh token. */
export const hashOfToken = (token: string): string => createHash('sha256').update(token).digest('base64url');
