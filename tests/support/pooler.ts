/** PgBouncer (https://www.pgbouncer.org) in transaction mode in front of the tests' PostgreSQL. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../db/embedded-postgres/free-port.ts';
import { serverIdentity } from '../../db/embedded-postgres/identity.ts';
import { kyselyOver } from '../../db/kysely.ts';
import { dieWithParent } from '../../platform/die-with-parent.ts';
import type { TestDatabase } from './database.ts';
import { testPool } from './test-pool.ts';

/** A running PgBouncer. */
export interface Pooler {
  /** `127.0.0.1:6432` */
  address: string;
  end(): Promise<void>;
}

/**
 * Connections of each role, so few that clients must share them: state that one leaves on a connection, another would
 * find.
 */
export const POOL_SIZE = 4;

/** Whether this machine has a PgBouncer. */
export const hasPooler = (): boolean => spawnSync('pgbouncer', ['--version']).status === 0;

/**
 * Starts one, or returns undefined where there is none to start.
 * @param addresses with the roles that it admits, and their passwords. @default the tests' own
 */
export async function startPooler(addresses = [process.env.AGORA_TEST_URL!]): Promise<Pooler | undefined> {
  if (!hasPooler()) return undefined;
  const server = new URL(process.env.AGORA_TEST_URL!);
  const folder = mkdtempSync(join(tmpdir(), 'agora-pooler-'));
  chmodSync(folder, 0o755);
  const port = await freePort(0);
  const users = join(folder, 'users.txt');
  const lines = addresses
    .map((address) => new URL(address))
    .map((url) => `"${url.username}" "${decodeURIComponent(url.password)}"\n`);
  writeFileSync(users, lines.join(''), { mode: 0o644 });
  writeFileSync(
    join(folder, 'pgbouncer.ini'),
    `[databases]
* = host=${server.hostname} port=${server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${users}
pool_mode = transaction
default_pool_size = ${POOL_SIZE}
max_client_conn = 200
ignore_startup_parameters = extra_float_digits, options
`,
  );
  const child = spawn(...dieWithParent('pgbouncer', [join(folder, 'pgbouncer.ini')]), {
    ...serverIdentity(),
    stdio: 'ignore',
  });
  const end = async (): Promise<void> => {
    if (child.exitCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    rmSync(folder, { recursive: true });
  };
  await untilItListens(port, child).catch(async (error) => {
    await end();
    throw error;
  });
  return { address: `127.0.0.1:${port}`, end };
}

/** A host's connections: through the pooler, and past it for work that outlives a transaction. */
export function pooledFixture(address: string, database: TestDatabase) {
  const url = new URL(database.url);
  url.host = address;
  const pool = testPool({ url: url.href, max: 12, name: 'agora pooled', prepare: false });
  return { pool, ground: { kysely: kyselyOver(pool), sessionsFor: () => database.kysely } };
}

async function untilItListens(port: number, child: ChildProcess): Promise<void> {
  while (child.exitCode === null && child.signalCode === null) {
    const socket = connect(port, '127.0.0.1');
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`PgBouncer ended with ${child.exitCode}`);
}
