/**
 * Which process answers for the server, and stops it. A second process on the same data folder is a guest: it uses
 * the server and leaves it running. When the owner has died, the next to start takes its place.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Home } from './home.ts';
import { commandLine, isRunning } from './processes.ts';

/** The other live process that owns the server, if there is one. The command tells a reused pid from the owner. */
export function otherOwner(home: Home): number | undefined {
  try {
    const { pid, command } = JSON.parse(readFileSync(home.owner, 'utf8')) as { pid: number; command?: string };
    return pid !== process.pid && isRunning(pid) && commandLine(pid) === command ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Makes this process the owner. */
export function becomeOwner(home: Home): void {
  writeFileSync(home.owner, JSON.stringify({ pid: process.pid, command: commandLine(process.pid) }));
}

/** Nobody owns it any more. */
export function leave(home: Home): void {
  rmSync(home.owner, { force: true });
}
