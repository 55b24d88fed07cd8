/** The gateway in a process of its own, as `npm run gateway` runs it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { dieWithParent } from '../../platform/die-with-parent.ts';

const ROOT = join(import.meta.dirname, '../..');
/** Time limit of a start on a busy machine, in milliseconds. */
const START_MS = 300_000;

/** An answer of the graph. */
export interface Answer {
  data?: any;
  errors?: { message: string; path?: unknown; extensions: Record<string, unknown> }[];
}

/** A gateway that answers. */
export interface GatewayProcess {
  child: ChildProcess;
  url: string;
  output(): string;
  ask(query: string, variables?: object, token?: string): Promise<Answer>;
  /** Sends a signal and waits for the end. The exit code: null if the signal ended it. */
  end(signal?: NodeJS.Signals): Promise<number | null>;
}

/**
 * Starts a gateway with these variables and no others of ours. @throws Error with its output, if it ends before it
 * answers
 */
export async function startGatewayProcess(env: Record<string, string>): Promise<GatewayProcess> {
  const { NODE_OPTIONS: _, AGORA_NEWER_NODE: __, ...inherited } = process.env;
  const child = spawn(...dieWithParent(process.execPath, [join(ROOT, 'bin/agora.mjs'), 'bin/gateway.ts']), {
    cwd: ROOT,
    env: { ...inherited, NODE_ENV: 'development', LOG_LEVEL: 'error', PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  child.stdout.on('data', (part) => (text += part));
  child.stderr.on('data', (part) => (text += part));
  const deadline = performance.now() + START_MS;
  let url: string | undefined;
  while (!(url = /answers at (https?:\S+)\/graphql/.exec(text)?.[1])) {
    if (hasEnded(child) || performance.now() > deadline) throw new Error(`The gateway did not start: ${text}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return {
    child,
    url,
    output: () => text,
    async ask(query, variables, token) {
      const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ query, variables }),
      });
      return (await response.json()) as Answer;
    },
    async end(signal = 'SIGTERM') {
      if (!hasEnded(child)) {
        const ended = once(child, 'close');
        child.kill(signal);
        await ended;
      }
      return child.exitCode;
    },
  };
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;
