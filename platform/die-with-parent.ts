import { spawnSync } from 'node:child_process';

/** `prctl(PR_SET_PDEATHSIG)` is Linux's; this brings it to programs that know nothing of it (util-linux, in every Debian). */
const SETPRIV = 'setpriv';

let known: boolean | undefined;

/** Whether this machine can tie a process to its parent. */
export const canDieWithParent = (): boolean =>
  (known ??= process.platform === 'linux' && spawnSync(SETPRIV, ['--pdeathsig', 'KILL', 'true']).status === 0);

/**
 * A command to spawn whose process is sent the signal when we end, also by `kill -9`, where nothing of ours could end
 * it: for what is started to try something out or to test it, and must not be left behind. Its pid and command line
 * are those of the program itself. Not for what should outlive us. Where the machine cannot do that, the command as it is.
 */
export function dieWithParent(
  command: string,
  args: readonly string[],
  signal: 'KILL' | 'TERM' | 'INT' = 'KILL',
): [command: string, args: string[]] {
  return canDieWithParent() ? [SETPRIV, ['--pdeathsig', signal, '--', command, ...args]] : [command, [...args]];
}
