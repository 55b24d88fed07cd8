/** A PostgreSQL of a test's own, as durable as the real one, that the test kills and starts again. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { deleteEmbeddedPostgres, startEmbeddedPostgres } from '../../db/embedded-postgres.ts';

/** A server that may be killed. */
export interface MortalPostgres {
  /** The same address over all restarts. */
  readonly url: string;
  /** Ends it without warning; SIGQUIT tells its sessions, SIGKILL does not. */
  kill(signal: 'SIGKILL' | 'SIGQUIT'): Promise<void>;
  /** Starts it again on the same port. */
  restart(): Promise<void>;
  /** Ends and deletes it. */
  remove(): Promise<void>;
}

/** Starts such a server. */
export async function startMortalPostgres(): Promise<MortalPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'agora-test-'));
  chmodSync(folder, 0o755);
  const dataDir = join(folder, 'postgres');
  const start = () =>
    startEmbeddedPostgres({ dataDir, log: () => {}, settings: { shared_buffers: '64MB' }, endsWithUs: true });
  let server = await start();
  const { url } = server;
  return {
    url,
    async kill(signal) {
      process.kill(server.pid, signal);
      while (isAlive(server.pid)) await wait(5);
    },
    async restart() {
      server = await start();
      if (server.url !== url) throw new Error('the server came back on another port');
    },
    async remove() {
      await deleteEmbeddedPostgres(dataDir);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
