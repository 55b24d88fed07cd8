import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from '@jest/globals';
import type { EmbeddedPostgres } from '../embedded-postgres.ts';
import { keepRunning } from './keep-running.ts';
import { until } from '../../tests/support/until.ts';

/** A process that can be killed, as a stand-in for a server. */
async function standIn(port = 5432): Promise<EmbeddedPostgres & { kill(): Promise<void>; isStopped: boolean }> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  await once(child, 'spawn');
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  };
  const server = { url: '', adminUrl: '', port, pid: child.pid!, isGuest: false, isStopped: false, kill };
  return Object.assign(server, {
    stop: async () => {
      server.isStopped = true;
      await kill();
    },
  });
}

const options = { dataDir: 'nowhere', log: () => {}, initialMs: 1, onFailure: () => {} };

test('a server that dies is started again, also when that takes some tries, and the last one is stopped', async () => {
  const [first, second] = [await standIn(), await standIn()];
  let tries = 0;
  const start = async () => {
    if (++tries < 3) throw new Error('shared memory block');
    return second;
  };
  const kept = keepRunning(first, { ...options, start });
  await first.kill();
  await until(() => tries === 3);
  await new Promise((resolve) => setTimeout(resolve, 20));
  await kept.stop();
  expect([first.isStopped, second.isStopped]).toEqual([false, true]);
});

test('a server that does not start is tried for as long as it takes, and each failure is reported', async () => {
  const [first, second] = [await standIn(), await standIn()];
  const told: [string, number][] = [];
  const start = async (): Promise<EmbeddedPostgres> => {
    if (told.length < 15) throw new Error('No space left on device');
    return second;
  };
  const onFailure = (error: unknown, failures: number) => told.push([String(error), failures]);
  const kept = keepRunning(first, { ...options, start, maxMs: 5, onFailure });
  await first.kill();
  await until(() => told.length === 15);
  expect(told.at(-1)).toEqual(['Error: No space left on device', 15]);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await kept.stop();
  expect([told.length, second.isStopped]).toEqual([15, true]);
});

test('a server can be stopped while it waits for the next try', async () => {
  const first = await standIn();
  let tries = 0;
  const start = () => (tries++, Promise.reject(new Error('corrupt')));
  const kept = keepRunning(first, { ...options, start, initialMs: 600_000, maxMs: 600_000 });
  await first.kill();
  await until(() => tries === 1);
  await kept.stop();
  expect(tries).toBe(1);
});

test('a server that comes back at another port is of no use: it is stopped, and tried again', async () => {
  const [first, stray, second] = [await standIn(1), await standIn(2), await standIn(1)];
  const servers = [stray, second];
  const kept = keepRunning(first, { ...options, start: async () => servers.shift()! });
  await first.kill();
  await until(() => servers.length === 0);
  expect(stray.isStopped).toBe(true);
  await kept.stop();
});

test('a server of another process is left alone', async () => {
  const guest = { ...(await standIn()), isGuest: true };
  let tries = 0;
  const kept = keepRunning(guest, { ...options, start: async () => (tries++, guest) });
  await guest.kill();
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(tries).toBe(0);
  await kept.stop();
});
