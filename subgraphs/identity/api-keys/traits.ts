import { hashOfApiKey } from '../../../platform/identity/api-key.ts';

/** Characters of a secret that its owner recognises it by: the prefix and four more. */
const HINT = 8;

/** What is kept of a secret, by which it is found and recognised. */
export const traitsOf = (secret: string): { hash: string; hint: string } => ({
  hash: hashOfApiKey(secret),
  hint: secret.slice(0, HINT),
});
