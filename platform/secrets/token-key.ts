import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import { isTokenKey, unfolded } from './pem.ts';
import { Fault } from '../errors.ts';
import { makeFolder } from '../folders.ts';

/** Path of the file that keeps the key which is not configured. */
export const tokenKeyPath = ({ AGORA_DATA }: Pick<Config, 'AGORA_DATA'>): string => join(AGORA_DATA, 'token-key.pem');

/**
 * The key that signs access tokens: the configured one, or one generated at the first start and kept beside the data.
 * @throws {Fault} `BAD_KEYS` for a file that holds something else
 */
export function tokenKey(config: Pick<Config, 'TOKEN_KEY' | 'AGORA_DATA'>): string {
  if (config.TOKEN_KEY) return unfolded(config.TOKEN_KEY);
  const path = tokenKeyPath(config);
  try {
    return checked(readFileSync(path, 'utf8'), path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  makeFolder(config.AGORA_DATA);
  writeFileSync(path, pem, { mode: 0o600, flag: 'wx' });
  return pem;
}

function checked(pem: string, path: string): string {
  if (isTokenKey(pem)) return pem;
  throw new Fault(
    'BAD_KEYS',
    `${path} holds no Ed25519 private key (PKCS#8, PEM): put it back from a backup, or delete it. Then a new one is made, ` +
      'and who is signed in gets a new access token with their refresh token.',
  );
}
