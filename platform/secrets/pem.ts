import { createPrivateKey, createPublicKey } from 'node:crypto';

/** Unfolds a PEM that stands on one line, as in a file of variables. */
export const unfolded = (pem: string): string => pem.replaceAll('\\n', '\n');

/** Whether this is the private key that signs access tokens. */
export function isTokenKey(pem: string): boolean {
  try {
    return createPrivateKey(unfolded(pem)).asymmetricKeyType === 'ed25519';
  } catch {
    return false;
  }
}

/** Whether this is the public key for access tokens, and not the private one. */
export function isTokenPublicKey(pem: string): boolean {
  try {
    return !pem.includes('PRIVATE KEY') && createPublicKey(unfolded(pem)).asymmetricKeyType === 'ed25519';
  } catch {
    return false;
  }
}
