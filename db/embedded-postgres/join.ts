import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '../../platform/errors.ts';
import { credentialsOf } from './credentials.ts';
import type { Home } from './home.ts';
import { nameOf, type Owner, otherOwner } from './owner.ts';
import { answers, type Postmaster, runningPostmaster } from './postmaster.ts';

/** Longer than a first start, or the replay after a crash, takes. Milliseconds. */
const PATIENCE_MS = 60_000;

/**
 * The server that another process looks after, once it takes connections. Undefined if that process is gone: then the
 * server is ours to look after.
 * @throws {Fault} `POSTGRES_NOT_RUNNING` if it has none for a minute
 */
export async function join(home: Home, owner: Owner): Promise<Postmaster | undefined> {
  const deadline = performance.now() + PATIENCE_MS;
  while (otherOwner(home)?.pid === owner.pid) {
    const running = runningPostmaster(home.cluster);
    if (running?.status === 'ready' && (await answers(home.cluster, running.port, credentialsOf(home).superuser)))
      return running;
    if (performance.now() > deadline) {
      const message = `The PostgreSQL in ${home.folder} does not run, and ${nameOf(owner)} looks after it: see what it says.`;
      throw new Fault('POSTGRES_NOT_RUNNING', message);
    }
    await sleep(50);
  }
  return undefined;
}
