import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const START_MS = 10_000;

/** Whether this machine has a `redis-server`. */
export const hasRedis = (): boolean => spawnSync('redis-server', ['--version']).status === 0;

/** A Redis that keeps nothing on disk. */
export interface Redis {
  url: string;
  /** `kill -9`. */
  kill(): Promise<void>;
  /** Starts it again on the same port, with nothing in it. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts one on this port. @throws Error if it does not answer in ten seconds */
export async function startRedis(port: number): Promise<Redis> {
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const launch = () => spawn('redis-server', args, { stdio: 'ignore' });
  let child = launch();
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'close');
    child.kill(signal);
    await gone;
  };
  await answers(port);
  return {
    url: `redis://127.0.0.1:${port}`,
    kill: () => end('SIGKILL'),
    async start() {
      child = launch();
      await answers(port);
    },
    stop: () => end('SIGTERM'),
  };
}

async function answers(port: number): Promise<void> {
  for (const deadline = performance.now() + START_MS; performance.now() < deadline; await sleep(20)) {
    const socket = connect(port, '127.0.0.1');
    const isThere = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (isThere) return;
  }
  throw new Error(`redis-server does not answer on port ${port}.`);
}
