/** The user that the server runs as: PostgreSQL refuses root, so root steps down to `nobody`, who exists everywhere. */
import { chmodSync, chownSync, existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Fault } from '../../platform/errors.ts';

/** The user and group to spawn the server with; empty when it runs as our own user. */
export interface Identity {
  uid?: number;
  gid?: number;
}

/**
 * `nobody` when we are root, otherwise ourselves.
 * @throws {Fault} `NO_UNPRIVILEGED_USER` when root finds no `nobody` to step down to.
 */
export function serverIdentity(): Identity {
  if (process.getuid?.() !== 0) return {};
  for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) {
    const [name, , uid, gid] = line.split(':');
    if (name === 'nobody') return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Fault(
    'NO_UNPRIVILEGED_USER',
    'PostgreSQL refuses to run as root, and there is no user `nobody` to run it as. Start as an ordinary user.',
  );
}

/** Whether that user can walk down to the path, or to the part of it that exists: a home may be its owner's alone. */
export function canReach(identity: Identity, path: string): boolean {
  if (identity.uid === undefined) return true;
  let current = resolve(path);
  while (!existsSync(current)) current = dirname(current);
  for (current = realpathSync(current); ; current = dirname(current)) {
    if ((statSync(current).mode & 0o001) === 0) return false;
    if (current === dirname(current)) return true;
  }
}

/** Gives the path to that user; nothing to do when it is ours already. */
export function giveTo(identity: Identity, path: string): void {
  if (identity.uid !== undefined) chownSync(path, identity.uid, identity.gid as number);
}

/** Gives all files of a folder to that user and to no one else: PostgreSQL insists. */
export function giveAll({ uid, gid }: Identity, folder: string): void {
  const give = (path: string, mode: number): void => {
    if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid);
    chmodSync(path, mode);
  };
  give(folder, 0o700);
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
    give(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o700 : 0o600);
}
