/**
 * Encryption of secrets (sealing): AES-256-GCM, as `v1.<key id>.<iv>.<ciphertext and tag>` in base64url. The context,
 * such as the id of the row that it belongs to, is authenticated with it: a sealed text that is moved to another row
 * does not open there.
 */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { Fault } from '../errors.ts';
import { deriveKey, type KeyRing, type SecretKey } from './key-ring.ts';

/** Seals and opens texts. */
export interface Secrets {
  /** Prefix of every text sealed with the newest key. */
  readonly prefix: string;
  /** Seals with the newest key. */
  seal(plain: string, context: string): string;
  /** Opens with the key that it was sealed with. @throws Fault SECRET_UNREADABLE, which holds nothing of the secret */
  open(sealed: string, context: string): string;
  /** Seals anew with the newest key, or returns a text unchanged that has it. @throws Fault SECRET_UNREADABLE */
  reseal(sealed: string, context: string): string;
  /**
   * A stable pseudonym of a text (HMAC). Without our keys the text cannot be found from it, not by trying all
   * candidates either. It is made with the oldest key, so it changes only once that one is taken out of the ring.
   */
  pseudonym(plain: string, context: string): string;
}

const ALGORITHM = 'aes-256-gcm';
/** 96 random bits (NIST SP 800-38D, 8.2.2): good for 2^32 texts a key. */
const IV_BYTES = 12;
const TAG_BYTES = 16;
const FORM = /^v1\.([\w-]{1,32})\.([\w-]{16})\.([\w-]{22,})$/;

/** Whether the text has the form of a sealed one. */
export const isSealed = (text: string): boolean => FORM.test(text);

/** Creates secrets with these keys. */
export function secretsWith(ring: KeyRing): Secrets {
  const keys = new Map(ring.map((key) => [key.id, key]));
  const [newest] = ring;

  const open = (sealed: string, context: string): string => {
    const [, id = '', iv = '', body = ''] = FORM.exec(sealed) ?? [];
    const key = keys.get(id);
    if (!key) throw unreadable(id ? `its key "${id}" is not among ours` : 'it is not a sealed text');
    try {
      return decrypt(key, Buffer.from(iv, 'base64url'), Buffer.from(body, 'base64url'), context);
    } catch {
      throw unreadable('it was changed, or sealed for something else');
    }
  };

  const prefix = `v1.${newest.id}.`;
  return {
    prefix,
    seal: (plain, context) => encrypt(newest, plain, context),
    open,
    reseal: (sealed, context) => {
      const plain = open(sealed, context);
      return sealed.startsWith(prefix) ? sealed : encrypt(newest, plain, context);
    },
    pseudonym: (plain, context) =>
      createHmac('sha256', deriveKey(ring.at(-1)!.bytes, 'pseudonym', context))
        .update(plain)
        .digest('base64url'),
  };
}

function encrypt(key: SecretKey, plain: string, context: string): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(ALGORITHM, key.bytes, iv, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(context));
  const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return ['v1', key.id, iv.toString('base64url'), body.toString('base64url')].join('.');
}

function decrypt(key: SecretKey, iv: Buffer, body: Buffer, context: string): string {
  const decipher = createDecipheriv(ALGORITHM, key.bytes, iv, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(context)).setAuthTag(body.subarray(-TAG_BYTES));
  return Buffer.concat([decipher.update(body.subarray(0, -TAG_BYTES)), decipher.final()]).toString('utf8');
}

const unreadable = (why: string): Fault => new Fault('SECRET_UNREADABLE', `A sealed secret does not open: ${why}.`);
