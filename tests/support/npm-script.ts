/** Scripts of `package.json`, as a terminal runs them: each in a process group of its own, all of which Ctrl-C reaches. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { dieWithParent } from '../../platform/die-with-parent.ts';
import { UNLIMITED } from './unlimited.ts';
import { until } from './until.ts';

const ROOT = join(import.meta.dirname, '../..');

/** A running script. */
export interface NpmScript {
  output(): string;
  /** Waits until it has written this. @throws Error with its output, if it ends before */
  says(text: string): Promise<void>;
  /** Sends SIGINT to its whole group, and waits for `closed`. */
  pressCtrlC(): Promise<void>;
  /** Resolves once it and all that writes into its output has ended. */
  closed: Promise<void>;
  /** Kills what is left of its group. */
  kill(): void;
}

/** Runs `npm` with these arguments. */
export function npmScript(args: readonly string[], env: Record<string, string>): NpmScript {
  const { NODE_OPTIONS: _, AGORA_NEWER_NODE: __, ...inherited } = process.env;
  const child = spawn(...dieWithParent('npm', args, 'TERM'), {
    cwd: ROOT,
    env: { ...inherited, NODE_ENV: 'development', LOG_LEVEL: 'error', PORT: '0', ...UNLIMITED, ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let hasClosed = false;
  const closed = once(child, 'close').then(() => {
    hasClosed = true;
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (text += part));
  const signal = (name: NodeJS.Signals): void => void process.kill(-child.pid!, name);
  return {
    output: () => text,
    async says(wanted) {
      await until(`npm ${args.join(' ')} says: ${wanted}`, () => hasClosed || text.includes(wanted));
      if (!text.includes(wanted)) throw new Error(`It ended before it said "${wanted}": ${text}`);
    },
    pressCtrlC() {
      signal('SIGINT');
      return closed;
    },
    closed,
    kill() {
      if (!hasClosed) signal('SIGKILL');
    },
  };
}
