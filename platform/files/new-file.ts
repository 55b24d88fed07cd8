import { randomBytes } from 'node:crypto';

/**
 * A key for one attempt to store a file's content. The folder is the first part of the time in the id, so that a folder
 * holds the files of some nine hours, and keys in the order of their bytes are in the order of time.
 */
export function keyFor(agent: string, fileId: string): string {
  const time = fileId.slice(fileId.indexOf('_') + 1, fileId.indexOf('_') + 6);
  return `${agent}/${time}/${fileId}.${randomBytes(4).toString('hex')}`;
}

/** What the keys of all attempts to store one file have in common. */
export const fileOfKey = (key: string): string => key.slice(0, key.lastIndexOf('.'));

/** Whether a key is one for an attempt to store this file. */
export const isKeyOf = (key: string, agent: string, fileId: string): boolean =>
  key.startsWith(`${keyFor(agent, fileId).slice(0, -8)}`) && /^[0-9a-f]{8}$/.test(key.slice(-8));
