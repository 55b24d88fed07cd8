import { spawnSync } from 'node:child_process';

/** Sets Linux's `prctl(PR_SET_PDEATHSIG)` for any program (util-linux, in every Debian). */
const SETPRIV = 'setpriv';

let known: boolean | undefined;

/** Whether this machine can tie a process to its parent. */
export const canDieWithParent = (): boolean =>
  (known ??= process.platform === 'linux' && spawnSync(SETPRIV, ['--pdeathsig', 'KILL', 'true']).status === 0);

/**
 * A command whose process is sent the signal when we end, even by `kill -9`, after which we could not end it ourselves:
 * for trial and test processes that must not be left behind. Its pid and command line are those of the program itself.
 * Not for processes that should outlive us. On a machine that cannot do that, the command is unchanged.
 */
export function dieWithParent(
  command: string,
  args: readonly string[],
  signal: 'KILL' | 'TERM' | 'INT' = 'KILL',
): [command: string, args: string[]] {
  return canDieWithParent() ? [SETPRIV, ['--pdeathsig', signal, '--', command, ...args]] : [command, [...args]];
}
