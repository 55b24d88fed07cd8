import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../platform/config/config.ts';
import { makeFolder } from '../platform/folders.ts';

/** The key that signs access tokens: the configured one, or one made at the first start and kept beside the data. */
export function tokenKey(config: Pick<Config, 'TOKEN_KEY' | 'AGORA_DATA'>): string {
  if (config.TOKEN_KEY) return config.TOKEN_KEY.replaceAll('\\n', '\n');
  const path = join(config.AGORA_DATA, 'token-key.pem');
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  makeFolder(config.AGORA_DATA);
  writeFileSync(path, pem, { mode: 0o600, flag: 'wx' });
  return pem;
}
