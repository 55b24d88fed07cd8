import { createPrivateKey, createPublicKey } from 'node:crypto';

/** A PEM as a file of variables may hold it, on one line. */
export const unfolded = (pem: string): string => pem.replaceAll('\\n', '\n');

/** Whether this is the private key that signs access tokens. */
export function isTokenKey(pem: string): boolean {
  try {
    return createPrivateKey(unfolded(pem)).asymmetricKeyType === 'ed25519';
  } catch {
    return false;
  }
}

/** Whether this is the public half of such a key, and not the key itself. */
export function isTokenPublicKey(pem: string): boolean {
  try {
    return !pem.includes('PRIVATE KEY') && createPublicKey(unfolded(pem)).asymmetricKeyType === 'ed25519';
  } catch {
    return false;
  }
}
