/** Information about processes that are not our children. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Whether something failed for want of a file descriptor or of memory, in this process or in the whole system. It says
 * nothing of the process that was looked at: who took it for that one's end would replace or stop a healthy server.
 */
export const isShortage = (error: unknown): boolean =>
  ['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN'].includes((error as NodeJS.ErrnoException).code!);

/** Whether the process exists and runs: a zombie that is not reaped counts as gone. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  if (process.platform !== 'linux') return true;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z';
  } catch (error) {
    return isShortage(error);
  }
}

/**
 * When the process began, in a form that tells a reused pid apart; undefined where the system does not tell, or if it
 * has ended.
 * @throws Error if it cannot be read now, as without a file descriptor left
 */
export function beginningOf(pid: number): string | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const begun = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[BEGUN]!;
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${begun}`;
  } catch (error) {
    if (isShortage(error)) throw error;
    return undefined;
  }
}

/** Field 22 of `/proc/pid/stat`, counted from the one behind the name. */
const BEGUN = 19;

/**
 * The process's command line, its arguments separated by spaces; undefined when it cannot be seen.
 * @throws Error if it cannot be read now, as without a file descriptor left
 */
export function commandLine(pid: number): string | undefined {
  try {
    if (process.platform === 'linux') {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    }
    if (process.platform === 'win32') return undefined;
    return execFileSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8', timeout: 5000 }).trim();
  } catch (error) {
    if (isShortage(error)) throw error;
    return undefined;
  }
}

/** Waits until the process is gone. False when it is still there after so many milliseconds. */
export async function waitForExit(pid: number, milliseconds: number): Promise<boolean> {
  const deadline = performance.now() + milliseconds;
  while (isRunning(pid)) {
    if (performance.now() > deadline) return false;
    await sleep(10);
  }
  return true;
}

/** Sends the signal; a process that is gone already is fine. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
