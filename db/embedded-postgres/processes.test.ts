/** A process without a file descriptor left, which can look at nothing, takes no other for dead. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { onLinux } from '../../tests/support/or-skip.ts';
import { isRunning } from './processes.ts';

const testOnLinux = onLinux(test);

/** Runs a program that takes all its file descriptors, and then does this. Its answer comes on an open one. */
async function withoutDescriptors(work: string): Promise<unknown> {
  const program = `
    import { openSync, writeSync } from 'node:fs';
    import { answers, disownPidFile, runningPostmaster } from '${import.meta.dirname}/postmaster.ts';
    import { beginningOf, commandLine, isRunning } from '${import.meta.dirname}/processes.ts';
    const tried = async (work) => { try { return await work(); } catch (error) { return error.code; } };
    await tried(() => answers('/nowhere', 1, 'x'));
    try { for (;;) openSync('/dev/null'); } catch {}
    writeSync(1, JSON.stringify(await tried(async () => (${work}))) ?? 'undefined');
  `;
  const command = `ulimit -n 100; exec "$0" --no-warnings --input-type=module-typescript -e "$1"`;
  const { stdout } = await promisify(execFile)('sh', ['-c', command, process.execPath, program]);
  return JSON.parse(stdout);
}

testOnLinux('a process that runs is said to run, and one that has ended is not', async () => {
  expect(await withoutDescriptors(`[isRunning(${process.pid}), isRunning(2 ** 22 + 1)]`)).toEqual([true, false]);
  expect([isRunning(process.pid), isRunning(2 ** 22 + 1)]).toEqual([true, false]);
});

testOnLinux('what a process is called and when it began is not known, and not another answer', async () => {
  const both = `[await tried(() => commandLine(${process.pid})), await tried(() => beginningOf(${process.pid}))]`;
  expect(await withoutDescriptors(both)).toEqual(['EMFILE', 'EMFILE']);
});

testOnLinux('a server is not taken for one that does not answer, nor its file for one that is empty', async () => {
  const cluster = mkdtempSync(join(tmpdir(), 'agora-cluster-'));
  const file = join(cluster, 'postmaster.pid');
  writeFileSync(file, `${process.pid}\n`);
  try {
    const work = `[
      await tried(() => runningPostmaster('${cluster}')),
      await tried(() => disownPidFile('${cluster}')),
      await tried(() => answers('${cluster}', 1, 'x')),
    ]`;
    expect(await withoutDescriptors(work)).toEqual(['EMFILE', 'EMFILE', 'EMFILE']);
    expect(existsSync(file)).toBe(true);
  } finally {
    rmSync(cluster, { recursive: true });
  }
});
