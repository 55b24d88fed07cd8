/** Creation of missing folders, with a reason for people where it fails. */
import { chmodSync, lstatSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Fault } from './errors.ts';

/**
 * Creates a folder and its parents, one after the other: Node's recursive `mkdir` never returns on a file system
 * without folders to create, such as `/proc`.
 * @param mode of each created folder, whatever the umask is. @default by the umask
 * @throws {Fault} `FOLDER_UNUSABLE` with the reason
 */
export function makeFolder(path: string, mode?: number): void {
  const folder = resolve(path);
  try {
    if (isFolder(folder)) return;
    if (dirname(folder) !== folder) makeFolder(dirname(folder), mode);
    mkdirSync(folder);
    if (mode !== undefined) chmodSync(folder, mode);
  } catch (error) {
    // Another process may have made it meanwhile.
    if ((error as NodeJS.ErrnoException).code === 'EEXIST' && existsAsFolder(folder)) return;
    throw folderUnusable(folder, error);
  }
}

/** The fault of an unusable folder, with the reason; an error that is a fault already stays as it is. */
export function folderUnusable(folder: string, error: unknown): Fault {
  if (error instanceof Fault) return error;
  const { code = '', message } = error as NodeJS.ErrnoException;
  const reason = REASONS[code] ?? message;
  return new Fault('FOLDER_UNUSABLE', `${folder} cannot be used as a folder for data: ${reason}.`, { cause: error });
}

const REASONS: Record<string, string> = {
  EACCES: 'we may not write there (EACCES)',
  EPERM: 'we may not write there (EPERM)',
  EROFS: 'it is on a file system that is read-only (EROFS)',
  ENOSPC: 'no space is left there (ENOSPC)',
  EDQUOT: 'no space is left there for this user (EDQUOT)',
  ENOENT: 'its file system takes no folders (ENOENT)',
  ENOTDIR: 'a file stands in its path (ENOTDIR)',
  EEXIST: 'a file, or a symbolic link that leads nowhere, has its name (EEXIST)',
  ELOOP: 'symbolic links in its path lead in a circle (ELOOP)',
  ENAMETOOLONG: 'its path is too long (ENAMETOOLONG)',
};

/** Whether a folder is there. @throws the error of `stat`, or EEXIST if something else has its name */
function isFolder(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found) {
    if (found.isDirectory()) return true;
    throw Object.assign(new Error('not a folder'), { code: 'EEXIST' });
  }
  // A dangling link is there, and nothing can be created in its place.
  if (lstatSync(path, { throwIfNoEntry: false })) throw Object.assign(new Error('a dangling link'), { code: 'EEXIST' });
  return false;
}

const existsAsFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
