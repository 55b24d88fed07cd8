import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Fault } from '../errors.ts';
import { makeFolder } from '../folders.ts';
import { parseWebhookSecrets } from './secrets.ts';

/**
 * Secrets for webhooks that an installation sends to itself: generated at the first start, and kept in this file.
 * @throws {Fault} `BAD_KEYS` for a file that holds something else
 */
export function ownWebhookSecrets(path: string): string {
  makeFolder(dirname(path));
  try {
    writeFileSync(path, `whsec_${randomBytes(32).toString('base64')}`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return checked(readFileSync(path, 'utf8'), path);
}

function checked(text: string, path: string): string {
  try {
    parseWebhookSecrets(text);
    return text;
  } catch (error) {
    throw new Fault(
      'BAD_KEYS',
      `The secrets of ${path} do not fit: ${(error as Error).message} Put the file back, or delete it: then one is made.`,
    );
  }
}
