/** `npm run secrets:new`: a new set of keys for the processes of one Agora, as lines for their environment. */
import { formatTokenKeys, newTokenKey, type TokenKeyRing, verifyingKeys } from '../platform/identity/token-keys.ts';
import { formatKeyRing, newKey } from '../platform/secrets/key-ring.ts';

for (const name of ['REQUEST_KEYS', 'EVENT_KEYS', 'SECRET_KEYS']) console.log(`${name}=${formatKeyRing([newKey()])}`);
const key = newTokenKey();
// On one line, as .env files need it.
const line = (ring: TokenKeyRing): string => `"${formatTokenKeys(ring).replaceAll('\n', '\\n')}"`;
console.log(`TOKEN_KEY=${line([key])}`);
console.log(`TOKEN_PUBLIC_KEY=${line(verifyingKeys([key]))}`);
