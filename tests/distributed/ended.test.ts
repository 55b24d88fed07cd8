/** The end of `npm run distributed`, in order by Ctrl-C or by a kill: none of its processes is left behind. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { commandLine, isRunning } from '../../db/embedded-postgres/processes.ts';
import { hasRedisServer } from '../../db/redis-server.ts';
import { canDieWithParent, dieWithParent } from '../../platform/die-with-parent.ts';
import { temporaryData } from '../support/agora-process.ts';
import { npmScript } from '../support/npm-script.ts';
import { onLinux, orSkip } from '../support/or-skip.ts';
import { processesWith } from '../support/processes-with.ts';
import { until, untilAnswer } from '../support/until.ts';

const ROOT = join(import.meta.dirname, '../..');

async function startDistributed(data: string): Promise<ChildProcess> {
  const { NODE_OPTIONS: _, ...env } = process.env;
  const command = [join(ROOT, 'bin/agora.mjs'), 'bin/distributed.ts', '--empty'];
  const child = spawn(...dieWithParent(process.execPath, command), {
    cwd: ROOT,
    env: { ...env, AGORA_DATA: data, PORT: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (output += part));
  while (!output.includes('Agora is ready')) {
    if (child.exitCode !== null) throw new Error(`It did not start: ${output}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return child;
}

/** Child processes of a process, with their command lines. */
const childrenOf = (parent: number): { pid: number; command: string }[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === parent)
    .map((pid) => ({ pid: Number(pid), command: commandLine(Number(pid)) ?? '' }));

/** @see https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
function parentOf(pid: string): number | undefined {
  try {
    return Number(
      readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) \S /s, '')
        .split(' ', 1)[0],
    );
  } catch {
    return undefined; // It has gone meanwhile.
  }
}

orSkip(
  canDieWithParent(),
  test,
  'processes tied to their parents',
  'util-linux',
)("the cluster's agents, gateways, PostgreSQL and Redis end with it", async () => {
  const { data, remove } = temporaryData();
  try {
    const parent = await startDistributed(data);
    const children = childrenOf(parent.pid!);
    const commands = children.map(({ command }) => command).join('\n');
    for (const what of ['bin/agent.ts', 'bin/gateway.ts', 'postgres', ...(hasRedisServer() ? ['redis-server'] : [])])
      expect(commands).toContain(what);
    parent.kill('SIGKILL');
    await once(parent, 'close');
    await until('all have ended', () => !children.some(({ pid }) => isRunning(pid)));
  } finally {
    await remove();
  }
});

onLinux(test)('Ctrl-C ends all of them in order and starts none again; `--empty` without `--` was enough', async () => {
  const { data, remove } = temporaryData();
  const script = npmScript(['run', 'distributed', '--empty'], { AGORA_DATA: data });
  try {
    await script.says('Ctrl-C stops everything');
    expect(script.output()).toContain('Administrator ');
    expect(script.output()).not.toContain('agora-demo');
    const commands = processesWith(data)
      .map(({ command }) => command)
      .join('\n');
    for (const what of ['bin/distributed.ts', 'bin/agent.ts', 'bin/gateway.ts', 'postgres'])
      expect(commands).toContain(what);
    const begun = script.output().length;
    await script.pressCtrlC();
    // And so no line "… ended and is started again".
    expect(script.output().slice(begun).trim()).toBe('Agora is stopping.');
    await untilAnswer(
      async () => processesWith(data),
      (left) => left.length === 0,
      'processes are left',
    );
  } finally {
    script.kill();
    await remove();
  }
});
