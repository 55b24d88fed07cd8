import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import { Fault } from '../errors.ts';
import { makeFolder } from '../folders.ts';
import { formatKeyRing, type KeyRing, newKey, parseKeyRing } from './key-ring.ts';

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
  return kept(path);
}

const kept = (path: string): KeyRing => parse(readFileSync(path, 'utf8'), path, PUT_BACK);

/** The remedy for a damaged file: a new key would not decrypt texts sealed with the old one. */
const PUT_BACK =
  'Put the file back as it was, from a backup: what is sealed or signed with its keys is lost without them.';

/**
 * Rotates keys: puts a new key before those of the generated file. New texts use it; the others still decrypt old ones.
 * Without a file none is made: it would look as if old texts could still be decrypted.
 * @throws Fault KEYS_CONFIGURED if the ring does not come from a file of ours; KEYS_MISSING; KEYS_BEING_ROTATED
 */
export function rotateKeyRing(config: KeyConfig, variable: KeyVariable): KeyRing {
  if (config[variable])
    throw new Fault('KEYS_CONFIGURED', `${variable} is configured: put a new key before the others there.`);
  const path = pathOf(config, variable);
  if (!existsSync(path))
    throw new Fault(
      'KEYS_MISSING',
      `There are no keys to rotate: ${path} is not there. Name in AGORA_DATA the folder where Agora keeps them. If the ` +
        'file is lost, put it back from a backup; where nothing was started yet, the first start makes it.',
    );
  const made = `${path}.new`;
  const file = openNew(made);
  try {
    // Read under the lock, so that a key that another command has added is kept.
    const ring: KeyRing = [newKey(), ...kept(path)];
    writeFileSync(file, formatKeyRing(ring));
    fsyncSync(file);
    // Atomically: without its keys, sealed texts are lost.
    renameSync(made, path);
    return ring;
  } catch (error) {
    rmSync(made, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}

/** Opens the new file of a ring, which is also the lock of a rotation. @throws Fault KEYS_BEING_ROTATED */
function openNew(path: string): number {
  try {
    return openSync(path, 'wx', 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new Fault(
      'KEYS_BEING_ROTATED',
      `Another command is rotating these keys: ${path} is there. If none runs, one was killed half-way: remove that file, and try again.`,
    );
  }
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
