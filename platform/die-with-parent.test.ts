import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from '@jest/globals';
import { isRunning } from '../db/embedded-postgres/processes.ts';
import { orSkip } from '../tests/support/or-skip.ts';
import { canDieWithParent, dieWithParent } from './die-with-parent.ts';

/** A parent process: spawns a command, prints its pid, and waits to be killed. */
const PARENT = `
  const child = require('node:child_process').spawn(process.argv[1], process.argv.slice(2), { stdio: 'ignore' });
  console.log(child.pid);
  setInterval(() => {}, 1000);
`;

/** The pid of a child whose parent has been killed. */
async function orphan(command: string, args: readonly string[]): Promise<number> {
  const parent = spawn(process.execPath, ['-e', PARENT, command, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [pid] = await once(parent.stdout!, 'data');
  parent.kill('SIGKILL');
  await once(parent, 'close');
  return Number(pid);
}

orSkip(
  canDieWithParent(),
  test,
  'processes tied to their parents',
  'util-linux',
)('a process that is dieWithParent ends when its parent is killed; another does not', async () => {
  const tied = await orphan(...dieWithParent('sleep', ['600']));
  const free = await orphan('sleep', ['600']);
  try {
    while (isRunning(tied)) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(isRunning(free)).toBe(true);
  } finally {
    process.kill(free, 'SIGKILL');
  }
});
