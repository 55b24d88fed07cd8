import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../platform/config/config.ts';
import { Fault } from '../platform/errors.ts';
import { makeFolder } from '../platform/folders.ts';
import { formatKeyRing, type KeyRing, newKey, parseKeyRing } from '../platform/secrets/key-ring.ts';

/** The rings that Agora has: the variable that gives each, and the file in `AGORA_DATA` where it is kept otherwise. */
export const KEY_FILES = {
  EVENT_KEYS: 'event-keys',
  SECRET_KEYS: 'secret-keys',
  REQUEST_KEYS: 'request-keys',
} as const;

/** One of them. */
export type KeyVariable = keyof typeof KEY_FILES;

type KeyConfig = Pick<Config, KeyVariable | 'AGORA_DATA'>;

/** A ring of keys: the configured one, or one made at the first start and kept beside the data. @throws Fault BAD_KEYS */
export function keyRing(config: KeyConfig, variable: KeyVariable): KeyRing {
  const given = config[variable];
  if (given) return parse(given, variable);
  const path = pathOf(config, variable);
  makeFolder(config.AGORA_DATA);
  try {
    writeFileSync(path, formatKeyRing([newKey()]), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return parse(readFileSync(path, 'utf8'), path, PUT_BACK);
}

/** A new key would not open what was sealed with the one that was there. */
const PUT_BACK =
  'Put the file back as it was, from a backup: what is sealed or signed with its keys is lost without them.';

/**
 * Puts a new key before those of the generated file: it makes what is new, the others open what there is.
 * @throws Fault KEYS_CONFIGURED if the ring does not come from a file of ours
 */
export function rotateKeyRing(config: KeyConfig, variable: KeyVariable): KeyRing {
  if (config[variable])
    throw new Fault('KEYS_CONFIGURED', `${variable} is configured: put a new key before the others there.`);
  const ring: KeyRing = [newKey(), ...keyRing(config, variable)];
  const path = pathOf(config, variable);
  // Whole or not at all: without its keys, what is sealed is lost.
  writeFileSync(`${path}.new`, formatKeyRing(ring), { mode: 0o600 });
  renameSync(`${path}.new`, path);
  return ring;
}

/** The file that keeps a ring which is not configured. */
export const pathOf = (config: KeyConfig, variable: KeyVariable): string =>
  join(config.AGORA_DATA, KEY_FILES[variable]);

function parse(text: string, from: string, advice?: string): KeyRing {
  try {
    return parseKeyRing(text);
  } catch (error) {
    throw new Fault('BAD_KEYS', `The keys of ${from} do not fit: ${advice ?? (error as Error).message}`);
  }
}
