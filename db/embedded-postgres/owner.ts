/**
 * The owner of the server: the live process that made `owner.json`, and stops the server. A second process on the same
 * data folder is a guest: it uses the server and leaves it running. When the owner has died, the next process to start
 * takes its place.
 */
import { closeSync, existsSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { folderUnusable } from '../../platform/folders.ts';
import type { Home } from './home.ts';
import { beginningOf, commandLine, isRunning } from './processes.ts';

/** A process that works on a server. */
export interface Owner {
  pid: number;
  /** Its command line, as far as it is known. It tells a reused pid from the owner, where `begun` is not known. */
  command?: string;
  /** When the process began, by its system's clock. */
  begun?: string;
}

/** How long a process that has made the file may take to write it, in milliseconds. */
const WRITING_MS = 1000;

/**
 * Makes this process the owner, unless another live process is.
 * @returns that other process
 * @throws {Fault} `FOLDER_UNUSABLE`
 */
export async function claim(home: Home): Promise<Owner | undefined> {
  const deadline = performance.now() + WRITING_MS;
  for (;;) {
    if (create(home)) return undefined;
    const text = read(home.owner);
    const owner = text === undefined ? undefined : parse(text);
    if (owner?.pid === process.pid) {
      // An earlier process may have had our pid.
      if (isAlive(owner)) return undefined;
    } else if (owner && isAlive(owner)) return owner;
    else if (!owner && performance.now() < deadline) {
      await sleep(20);
      continue;
    }
    if (text !== undefined) removeDead(home.owner, text);
  }
}

/** The other live process that owns the server, if there is one. */
export function otherOwner(home: Home): Owner | undefined {
  const owner = parse(read(home.owner) ?? '');
  return owner && owner.pid !== process.pid && isAlive(owner) ? owner : undefined;
}

/** Whether this process owns the server. */
export const isOurs = (home: Home): boolean => parse(read(home.owner) ?? '')?.pid === process.pid;

/** Gives up this process's ownership. */
export function leave(home: Home): void {
  if (isOurs(home)) rmSync(home.owner, { force: true });
}

/** Registers this process as a guest. */
export const enter = (home: Home): void => writeFileSync(guestFile(home), JSON.stringify(us()));

/** Takes this process off the guests. */
export const goOut = (home: Home): void => rmSync(guestFile(home), { force: true });

/** Gives the server to a live guest: the last to leave stops it. False if there is none, or it has just left. */
export function handOver(home: Home): boolean {
  for (const file of guestFiles(home)) {
    const guest = parse(read(file) ?? '');
    if (!guest || guest.pid === process.pid || !isAlive(guest)) continue;
    writeFileSync(home.owner, JSON.stringify(guest));
    if (read(file) !== undefined) return true;
    writeFileSync(home.owner, JSON.stringify(us()));
  }
  return false;
}

/** Description of a process by which a person finds it. */
export const nameOf = ({ pid, command }: Owner): string => `process ${pid}${command ? ` (${brief(command)})` : ''}`;

/** The files of guests, also of dead ones. */
export const guestFiles = ({ folder }: Home): string[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => /^guest\.\d+$/.test(name))
        .map((name) => join(folder, name))
    : [];

const guestFile = (home: Home): string => join(home.folder, `guest.${process.pid}`);

const us = (): Owner => ({ pid: process.pid, command: commandLine(process.pid), begun: beginningOf(process.pid) });

/** Shortens a command line: programs by their names and not by their paths. */
const brief = (command: string): string =>
  command
    .split(' ')
    .map((part) => (part.startsWith('/') ? basename(part) : part))
    .join(' ')
    .slice(0, 100);

function isAlive({ pid, command, begun }: Owner): boolean {
  if (!isRunning(pid)) return false;
  return begun === undefined ? commandLine(pid) === command : beginningOf(pid) === begun;
}

/** Creates the owner's file; false when there is one. */
function create({ folder, owner: file }: Home): boolean {
  try {
    const opened = openSync(file, 'wx');
    try {
      writeFileSync(opened, JSON.stringify(us()));
    } catch (error) {
      rmSync(file, { force: true });
      throw error;
    } finally {
      closeSync(opened);
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw folderUnusable(folder, error);
  }
}

/** Removes a dead owner's file, and only that: another process may have taken its place since we read it. */
function removeDead(file: string, text: string): void {
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const taken = read(aside);
  if (taken !== text && taken !== undefined) renameSync(aside, file);
  else rmSync(aside, { force: true });
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function parse(text: string): Owner | undefined {
  try {
    const owner = JSON.parse(text) as Owner;
    return Number.isInteger(owner?.pid) && owner.pid > 0 ? owner : undefined;
  } catch {
    return undefined;
  }
}
