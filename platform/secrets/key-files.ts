import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import { Fault } from '../errors.ts';
import { makeFolder } from '../folders.ts';
import { formatKeyRing, type KeyRing, newKey, parseKeyRing } from './key-ring.ts';
import { rotateFile } from './rotate-file.ts';

/** The key rings: the variable that configures each, and the file in `AGORA_DATA` where it is kept otherwise. */
export const KEY_FILES = {
  EVENT_KEYS: 'event-keys',
  SECRET_KEYS: 'secret-keys',
  REQUEST_KEYS: 'request-keys',
} as const;

/** One of {@link KEY_FILES}. */
export type KeyVariable = keyof typeof KEY_FILES;

type KeyConfig = Pick<Config, KeyVariable | 'AGORA_DATA'>;

/** A key ring: the configured one, or one made at the first start and kept beside the data. @throws Fault BAD_KEYS */
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

/** The remedy for a damaged file: a new key would not decrypt texts sealed with the old one. */
const PUT_BACK =
  'Put the file back as it was, from a backup: what is sealed or signed with its keys is lost without them.';

/**
 * Rotates keys: puts a new key before those of the generated file. New texts use it; the others still decrypt old ones.
 * @throws Fault KEYS_CONFIGURED if the ring does not come from a file of ours; as {@link rotateFile}
 */
export function rotateKeyRing(config: KeyConfig, variable: KeyVariable): KeyRing {
  if (config[variable])
    throw new Fault('KEYS_CONFIGURED', `${variable} is configured: put a new key before the others there.`);
  const path = pathOf(config, variable);
  const next = (text: string): string => formatKeyRing([newKey(), ...parse(text, path, PUT_BACK)]);
  return parse(rotateFile(path, next), path);
}

/** Path of the file that keeps a ring which is not configured. */
export const pathOf = (config: KeyConfig, variable: KeyVariable): string =>
  join(config.AGORA_DATA, KEY_FILES[variable]);

function parse(text: string, from: string, advice?: string): KeyRing {
  try {
    return parseKeyRing(text);
  } catch (error) {
    throw new Fault('BAD_KEYS', `The keys of ${from} do not fit: ${advice ?? (error as Error).message}`);
  }
}
