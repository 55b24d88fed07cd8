/** A bench that is ended in the middle leaves nothing of its own: no process, and no folder. */
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { onLinux } from '../tests/support/or-skip.ts';
import { processesWith } from '../tests/support/processes-with.ts';
import { untilAnswer } from '../tests/support/until.ts';
import { type NpmScript, npmScript } from '../tests/support/npm-script.ts';

let folder: string;
let script: NpmScript;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'agora-bench-'));
  // The server's user must enter it.
  chmodSync(folder, 0o755);
  script = npmScript(['run', 'bench', '--', 'orders'], { TMPDIR: folder });
});
afterEach(() => {
  script.kill();
  rmSync(folder, { recursive: true });
});

onLinux(test).each([
  ['its process group, as Ctrl-C in a terminal does', () => script.pressCtrlC()],
  [
    'itself alone',
    () => {
      const [bench] = processesWith(folder).filter(({ command }) => /^node .*bench\/run\.ts/.test(command));
      process.kill(bench!.pid, 'SIGINT');
      return script.closed;
    },
  ],
])('a SIGINT to %s', async (_, interrupt) => {
  await script.says('warming up');
  const commands = processesWith(folder).map(({ command }) => command);
  expect(commands).toContainEqual(expect.stringContaining('bin/start.ts'));
  expect(commands).toContainEqual(expect.stringContaining('postgres'));
  await interrupt();
  expect(script.output()).toContain('The bench is stopping.');
  await untilAnswer(
    async () => processesWith(folder),
    (left) => left.length === 0,
    'processes are left',
  );
  // What npm itself compiled may stay.
  expect(readdirSync(folder).filter((name) => name !== 'node-compile-cache')).toEqual([]);
});
