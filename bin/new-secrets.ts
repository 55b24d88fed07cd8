/** `npm run secrets:new`: a new set of keys for the processes of one Agora, as lines for their environment. */
import { generateKeyPairSync } from 'node:crypto';
import { formatKeyRing, newKey } from '../platform/secrets/key-ring.ts';

for (const name of ['REQUEST_KEYS', 'EVENT_KEYS', 'SECRET_KEYS']) console.log(`${name}=${formatKeyRing([newKey()])}`);
const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
// On one line, as files of variables want it; `tokenKey` reads it so.
console.log(`TOKEN_KEY="${pem.trim().replaceAll('\n', '\\n')}"`);
