/**
 * The keys of access tokens, with ids, for key rotation: the first signs, and all of them verify. A key is Ed25519 in
 * PEM, with its id before it: `2026-11: -----BEGIN PRIVATE KEY-----…`. The id is the `kid` of its tokens (RFC 7515,
 * 4.1.4). A key may stand without an id, as before there were rings: its tokens have no `kid`.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';

/** A key of access tokens. */
export interface TokenKey {
  /** The `kid` of its tokens; undefined for a key whose tokens have none. */
  readonly id?: string;
  readonly publicKey: KeyObject;
  /** Undefined for a key that only verifies. */
  readonly privateKey?: KeyObject;
}

/** Keys of access tokens: the first signs, if it is private. At least one. */
export type TokenKeyRing = readonly [TokenKey, ...TokenKey[]];

/** Most keys of a ring: a token without a `kid` is tried with each. */
const MOST = 10;
const ID = /^[A-Za-z0-9_-]{1,32}$/;
/** An entry at the place where the one before it ended: an id and a colon, or neither, and a PEM. */
const ENTRY = /(?:([^\s:,]*)\s*:\s*)?(-----BEGIN ([A-Z ]+)-----[^-]*-----END \3-----)[\s,]*/y;

/**
 * Reads a ring: entries with commas or blanks between them, with line breaks as they are or as `\n`. An entry is a PEM
 * (PKCS#8 of a private key, SPKI of a public one), or an id, a colon and a PEM.
 * @throws Error that says what is invalid, without any part of a key
 */
export function parseTokenKeys(text: string): TokenKeyRing {
  const unfolded = text.replaceAll('\\n', '\n').trim();
  const keys: TokenKey[] = [];
  for (let end = 0; end < unfolded.length || keys.length === 0; end = ENTRY.lastIndex) {
    ENTRY.lastIndex = end;
    keys.push(parseEntry(ENTRY.exec(unfolded), keys.length + 1));
  }
  if (keys.length > MOST)
    throw new Error(
      `At most ${MOST} keys: take out the last, whose tokens have ended (docs/operations/token-keys.md).`,
    );
  refuseTwice(keys);
  return keys as [TokenKey, ...TokenKey[]];
}

function parseEntry(entry: RegExpExecArray | null, place: number): TokenKey {
  if (!entry)
    throw new Error(
      `Key ${place} is not a PEM, or an id, a colon and a PEM. Make one with \`npm run --silent secrets:new\`.`,
    );
  const [, id, pem] = entry;
  if (id !== undefined && !ID.test(id))
    throw new Error(`Key ${place} has an id that is none: give it 1 to 32 letters, digits, \`_\` and \`-\`.`);
  try {
    const privateKey = pem!.includes('PRIVATE KEY') ? createPrivateKey(pem!) : undefined;
    const publicKey = createPublicKey(pem!);
    if (publicKey.asymmetricKeyType === 'ed25519') return { id, publicKey, privateKey };
  } catch {
    // OpenSSL's message may tell of the key, and ours says what helps.
  }
  throw new Error(
    `Key ${place} is no Ed25519 key in PEM (PKCS#8, or SPKI for a public one), or not a whole one. ` +
      'Make one with `npm run --silent secrets:new`.',
  );
}

/** Refuses a ring in which an id or a key stands twice, or several keys have no id. @throws Error */
function refuseTwice(keys: readonly TokenKey[]): void {
  keys.forEach(({ id, publicKey }, at) => {
    const before = keys.slice(0, at);
    const same = before.findIndex((key) => key.id === id);
    if (same >= 0)
      throw new Error(
        id === undefined
          ? `Keys ${same + 1} and ${at + 1} have no id: only one may be without, give the new one an id and a colon.`
          : `Keys ${same + 1} and ${at + 1} have the same id: give the new one another.`,
      );
    const copy = before.findIndex((key) => key.publicKey.equals(publicKey));
    if (copy >= 0) throw new Error(`Keys ${copy + 1} and ${at + 1} are the same key: take one of them out.`);
  });
}

/** Reads a ring whose first key signs. @throws Error as {@link parseTokenKeys}, or for a first key that is public */
export function parseSigningKeys(text: string): TokenKeyRing {
  const ring = parseTokenKeys(text);
  if (ring[0].privateKey) return ring;
  throw new Error('Key 1 must be a private one (PKCS#8): it signs, and those after it only verify.');
}

/** Reads a ring that only verifies. @throws Error as {@link parseTokenKeys}, or for a key that is private */
export function parseVerifyingKeys(text: string): TokenKeyRing {
  const ring = parseTokenKeys(text);
  const secret = ring.findIndex(({ privateKey }) => privateKey);
  if (secret < 0) return ring;
  throw new Error(`Key ${secret + 1} is private: give its public half, by \`openssl pkey -pubout\`.`);
}

/** The public halves of the keys: they verify, and sign nothing. */
export const verifyingKeys = (ring: TokenKeyRing): TokenKeyRing =>
  ring.map(({ id, publicKey }) => ({ id, publicKey })) as unknown as TokenKeyRing;

/** A new key from the system's random source, with a random id. */
export const newTokenKey = (): TokenKey => ({
  id: randomBytes(4).toString('hex'),
  ...generateKeyPairSync('ed25519'),
});

/** The text of a ring, as {@link parseTokenKeys} reads it. It is secret if one of the keys is private. */
export const formatTokenKeys = (ring: readonly TokenKey[]): string =>
  ring
    .map(({ id, publicKey, privateKey }) => {
      const pem =
        privateKey?.export({ type: 'pkcs8', format: 'pem' }) ?? publicKey.export({ type: 'spki', format: 'pem' });
      // Ids on lines of their own, and no commas: a release without rings, and OpenSSL, read the first key of such a text.
      return `${id === undefined ? '' : `${id}:\n`}${String(pem).trim()}`;
    })
    .join('\n');
