/** `npm run secrets:new`: a new set of keys for the processes of one Agora, as lines for their environment. */
import { generateKeyPairSync } from 'node:crypto';
import { formatKeyRing, newKey } from '../platform/secrets/key-ring.ts';

for (const name of ['REQUEST_KEYS', 'EVENT_KEYS', 'SECRET_KEYS']) console.log(`${name}=${formatKeyRing([newKey()])}`);
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
// On one line, as .env files need it.
const line = (pem: string | Buffer): string => `"${String(pem).trim().replaceAll('\n', '\\n')}"`;
console.log(`TOKEN_KEY=${line(privateKey.export({ type: 'pkcs8', format: 'pem' }))}`);
console.log(`TOKEN_PUBLIC_KEY=${line(publicKey.export({ type: 'spki', format: 'pem' }))}`);
