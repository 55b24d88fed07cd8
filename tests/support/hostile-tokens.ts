/** Access tokens as a well-read attacker forges them. For a test, and for a benchmark, of any gateway of ours. */
import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/** A token that is to be refused. */
export interface HostileToken {
  name: string;
  token: string;
}

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const jwt = (header: object, payload: object, signed: (text: string) => Buffer): string => {
  const text = `${encoded(header)}.${encoded(payload)}`;
  return `${text}.${signed(text).toString('base64url')}`;
};
const hmac = (key: string | Buffer) => (text: string) => createHmac('sha256', key).update(text).digest();

/** Hostile key ids, and the key that a verifier would find if it looked there. */
const KEY_IDS: readonly [name: string, kid: string, key: string][] = [
  ['a path', '../../../../../../etc/passwd', 'root:x:0:0:root:/root:/bin/bash\n'],
  ['an empty file', '../../../../../../dev/null', ''],
  ['SQL', "x' union select 'secret' -- ", 'secret'],
  ['`__proto__`', '__proto__', '[object Object]'],
  ['`constructor`', 'constructor', 'function Object() { [native code] }'],
  ['a command', '|| echo secret', 'secret'],
  ['8,000 characters', 'k'.repeat(8000), 'secret'],
  ['nothing that we know', '5f3c9a7e', 'secret'],
];

/**
 * Tokens that others may sign as they like, and tokens that we would never have signed as they are: `key` is our
 * private one.
 */
export function hostileTokens(key: KeyObject, now = new Date()): HostileToken[] {
  const seconds = Math.floor(now.getTime() / 1000);
  const good = { sub: 'user_1', iss: 'agora', aud: 'agora', iat: seconds, exp: seconds + 900, roles: ['ADMIN'] };
  const publicKey = createPublicKey(key);
  const pem = publicKey.export({ type: 'spki', format: 'pem' }) as string;
  const other = generateKeyPairSync('ed25519');
  const EDDSA = { alg: 'EdDSA', typ: 'JWT' };
  const ours = (claims: object, header: object = EDDSA): string =>
    jwt(header, { ...good, ...claims }, (text) => sign(null, Buffer.from(text), key));
  const theirs = (header: object): string =>
    jwt({ ...EDDSA, ...header }, good, (text) => sign(null, Buffer.from(text), other.privateKey));
  const symmetric = (secret: string | Buffer, header: object = {}): string =>
    jwt({ alg: 'HS256', typ: 'JWT', ...header }, good, hmac(secret));
  const [head, body, signature] = ours({}).split('.') as [string, string, string];
  const unsigned = (alg: string): string => jwt({ alg, typ: 'JWT' }, good, () => Buffer.alloc(0));

  const all: Record<string, string> = {
    'alg none': unsigned('none'),
    'alg nOnE': unsigned('nOnE'),
    'alg none, with a signature of ours': ours({}, { alg: 'none', typ: 'JWT' }),
    'no alg': ours({}, { typ: 'JWT' }),
    'HS256 with the public key as PEM': symmetric(pem),
    'HS256 with the public key as DER': symmetric(publicKey.export({ type: 'spki', format: 'der' })),
    'HS256 with the public key as it is': symmetric(Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url')),
    'somebody else’s signature': theirs({}),
    'a key that it brings along': theirs({ jwk: other.publicKey.export({ format: 'jwk' }) }),
    'the address of a key': theirs({ jku: 'https://attacker.example/keys', kid: '1' }),
    'the address of a certificate': theirs({ x5u: 'https://attacker.example/cert' }),
    ...Object.fromEntries(KEY_IDS.map(([name, kid, secret]) => [`kid of ${name}`, symmetric(secret, { kid })])),
    'a kid, though signed by us': ours({}, { ...EDDSA, kid: '5f3c9a7e' }),
    'an end that is over': ours({ exp: seconds - 1 }),
    'a beginning that is to come': ours({ nbf: seconds + 3600 }),
    'no end': ours({ exp: undefined }),
    'an end that is no number': ours({ exp: 'never' }),
    'another audience': ours({ aud: 'elsewhere' }),
    'no audience': ours({ aud: undefined }),
    'another issuer': ours({ iss: 'https://attacker.example' }),
    'no subject': ours({ sub: undefined }),
    'claims that were changed': `${head}.${encoded({ ...good, sub: 'user_2' })}.${signature}`,
    'no signature': `${head}.${body}.`,
    'two parts': `${head}.${body}`,
    'a half': ours({}).slice(0, 120),
    'one character less': ours({}).slice(0, -1),
    'one part five times': Array.from({ length: 5 }, () => head).join('.'),
    dots: '.'.repeat(1000),
    'no JSON': `${Buffer.from('{{{{').toString('base64url')}.${body}.${signature}`,
    'claims 2,000 deep': jwt(EDDSA, good, hmac('x')).replace(
      body,
      Buffer.from(`{"a":${'['.repeat(2000)}${']'.repeat(2000)}}`).toString('base64url'),
    ),
    'an API key that is none': `agk_${'0'.repeat(57)}`,
    '12,000 characters': 'a'.repeat(12_000),
  };
  return Object.entries(all).map(([name, token]) => ({ name, token }));
}
