/** The passwords of the embedded server's two roles, in a file beside it. */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../../platform/errors.ts';
import type { Home } from './home.ts';

/** Passwords of the two roles, made at random when the home is made. */
export interface Credentials {
  /** Password of `postgres`, the superuser. */
  superuser: string;
  /** Password of `agora`, the ordinary role that the platform connects as. */
  agora: string;
}

/**
 * The passwords; where there is no database yet they are made, readable by their owner alone. For the owner of the home.
 * @throws {Fault} `CREDENTIALS_BROKEN` when there is a database, and they are gone
 */
export function makeCredentials(home: Home): Credentials {
  if (existsSync(join(home.cluster, 'PG_VERSION'))) return credentialsOf(home);
  // Passwords that a killed start began to write are replaced, too: no role has them yet.
  try {
    return credentialsOf(home);
  } catch {
    const made: Credentials = { superuser: randomBytes(24).toString('hex'), agora: randomBytes(24).toString('hex') };
    const whole = `${home.credentials}.${process.pid}`;
    writeFileSync(whole, JSON.stringify(made), { mode: 0o600 });
    renameSync(whole, home.credentials);
    return made;
  }
}

/** The existing passwords. @throws {Fault} `CREDENTIALS_BROKEN` */
export function credentialsOf(home: Home): Credentials {
  let text: string;
  try {
    text = readFileSync(home.credentials, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw credentialsBroken(home.credentials, code === 'ENOENT' ? 'is missing' : `cannot be read (${message})`);
  }
  try {
    const { superuser, agora } = JSON.parse(text) as Credentials;
    if (isPassword(superuser) && isPassword(agora)) return { superuser, agora };
  } catch {
    // The fault is thrown below.
  }
  throw credentialsBroken(home.credentials, text.trim() ? 'does not hold the two passwords' : 'is empty');
}

/** Fault that names the broken file, and what to do. */
export const credentialsBroken = (file: string, what: string): Fault =>
  new Fault(
    'CREDENTIALS_BROKEN',
    `${file} ${what}: nobody can enter the database beside it without. Put the file back from a backup, or begin with ` +
      'an empty database by `npm start -- --reset`, which deletes this one.',
  );

/** Passwords stand in addresses unescaped. */
const isPassword = (value: unknown): value is string => typeof value === 'string' && /^[\w-]+$/.test(value);
