import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import { Fault } from '../errors.ts';
import { makeFolder } from '../folders.ts';
import {
  formatTokenKeys,
  newTokenKey,
  parseSigningKeys,
  type TokenKeyRing,
  verifyingKeys,
} from '../identity/token-keys.ts';
import { rotateFile } from './rotate-file.ts';

type TokenKeyConfig = Pick<Config, 'TOKEN_KEY' | 'AGORA_DATA'>;

/** Path of the file that keeps the keys which are not configured. */
export const tokenKeyPath = ({ AGORA_DATA }: Pick<Config, 'AGORA_DATA'>): string => join(AGORA_DATA, 'token-key.pem');

/**
 * The keys of access tokens, as text: the configured ones, or those that are kept beside the data, of which the first
 * is generated at the first start.
 * @throws {Fault} `BAD_KEYS` for a file that holds something else
 */
export function tokenKey(config: TokenKeyConfig): string {
  if (config.TOKEN_KEY) return config.TOKEN_KEY;
  const path = tokenKeyPath(config);
  try {
    const text = readFileSync(path, 'utf8');
    checked(text, path);
    return text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const made = formatTokenKeys([newTokenKey()]);
  makeFolder(config.AGORA_DATA);
  writeFileSync(path, made, { mode: 0o600, flag: 'wx' });
  return made;
}

/**
 * Rotates the keys of the generated file: a new one signs, and the others verify what they have signed. Only their
 * public halves are kept, as nothing is signed with them any more.
 * @throws {Fault} `KEYS_CONFIGURED` if the keys do not come from a file of ours; `BAD_KEYS`; as {@link rotateFile}
 */
export function rotateTokenKey(config: TokenKeyConfig): TokenKeyRing {
  if (config.TOKEN_KEY)
    throw new Fault(
      'KEYS_CONFIGURED',
      'TOKEN_KEY is configured: add a key there, step by step, as docs/operations/token-keys.md tells.',
    );
  const path = tokenKeyPath(config);
  const next = (text: string): string => {
    const made = formatTokenKeys([newTokenKey(), ...verifyingKeys(checked(text, path))]);
    checked(made, path, '');
    return made;
  };
  return parseSigningKeys(rotateFile(path, next));
}

const PUT_BACK =
  ' Put the file back from a backup, or delete it: then a new one is made, and who is signed in gets a new access token ' +
  'with their refresh token.';

function checked(text: string, path: string, remedy = PUT_BACK): TokenKeyRing {
  try {
    return parseSigningKeys(text);
  } catch (error) {
    throw new Fault('BAD_KEYS', `The keys of ${path} do not fit: ${(error as Error).message}${remedy}`);
  }
}
