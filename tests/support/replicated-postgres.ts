/**
 * Two PostgreSQLs of a test's own: a primary, and a streaming standby that is reached through a wire which may hang,
 * and that may be killed.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { deleteEmbeddedPostgres, type EmbeddedPostgres, startEmbeddedPostgres } from '../../db/embedded-postgres.ts';
import { type HangingWire, hangingWire } from './hanging-wire.ts';

/** The pair. */
export interface ReplicatedPostgres {
  primary: EmbeddedPostgres;
  /** The connection to the standby. */
  wire: HangingWire;
  /** SQL on the standby itself, as its superuser. */
  onStandby(statement: string): Promise<Record<string, unknown>[]>;
  /** Pauses replay on the standby, until `resume`. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Ends the standby without warning. */
  kill(): Promise<void>;
  /** Starts it again. */
  restart(): Promise<void>;
  /** Ends and deletes both. */
  remove(): Promise<void>;
}

/** The same for both: a standby refuses to start with smaller limits than its primary's. */
const SETTINGS = { wal_level: 'replica', max_wal_senders: '4', shared_buffers: '64MB', fsync: 'off' };

/** Starts both. */
export async function startReplicatedPostgres(): Promise<ReplicatedPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'agora-test-'));
  chmodSync(folder, 0o755); // For root, whose server runs as another user.
  const [primaryDir, standbyDir] = [join(folder, 'postgres'), join(folder, 'standby')] as const;
  const startPrimary = () =>
    startEmbeddedPostgres({ dataDir: primaryDir, log: () => {}, settings: { ...SETTINGS, wal_keep_size: '1GB' } });

  await (await startPrimary()).stop();
  copyCold(primaryDir, standbyDir);
  const primary = await startPrimary();
  const { username, password, port } = new URL(primary.adminUrl);
  const primary_conninfo = `host=127.0.0.1 port=${port} user=${username} password=${password}`;
  const startStandby = () =>
    startEmbeddedPostgres({ dataDir: standbyDir, log: () => {}, settings: { ...SETTINGS, primary_conninfo } });
  let standby = await startStandby();
  const wire = await hangingWire(standby.port);

  const onStandby: ReplicatedPostgres['onStandby'] = async (statement) => {
    const client = new pg.Client({ connectionString: standby.adminUrl, connectionTimeoutMillis: 10_000 });
    await client.connect();
    try {
      return (await client.query(statement)).rows;
    } finally {
      await client.end();
    }
  };
  return {
    primary,
    wire,
    onStandby,
    async pause() {
      await onStandby('select pg_wal_replay_pause()');
      for (;;) {
        const [row] = await onStandby('select pg_get_wal_replay_pause_state() as state');
        if (row!.state === 'paused') return;
        await wait(10);
      }
    },
    async resume() {
      await onStandby(`do $$ begin if pg_is_in_recovery() then perform pg_wal_replay_resume(); end if; end $$`);
    },
    async kill() {
      process.kill(standby.pid, 'SIGKILL');
      await standby.stop();
    },
    async restart() {
      const { port: before } = standby;
      standby = await startStandby();
      if (standby.port !== before) throw new Error('the standby came back on another port');
    },
    async remove() {
      await wire.close();
      await deleteEmbeddedPostgres(standbyDir);
      await deleteEmbeddedPostgres(primaryDir);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * Copies the files of a server that does not run, with their owner, as a base backup; the signal file makes the copy a
 * standby.
 */
function copyCold(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  execFileSync('cp', ['-a', join(from, 'cluster'), join(from, 'credentials.json'), to]);
  execFileSync('cp', ['-a', join(from, 'cluster', 'PG_VERSION'), join(to, 'cluster', 'standby.signal')]);
}
