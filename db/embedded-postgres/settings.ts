import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Settings of the embedded server. `synchronous_commit` stays on: without it, a saga's record of a step can outlive or
 * miss the step itself when PostgreSQL crashes. No replication from here, so the log is minimal.
 */
export const defaultSettings: Readonly<Record<string, string>> = {
  shared_buffers: '128MB',
  max_connections: '200',
  wal_level: 'minimal',
  max_wal_senders: '0',
  random_page_cost: '1.1',
  io_method: 'sync',
  log_min_messages: 'warning',
  synchronous_commit: 'on',
  jit: 'off',
};

/**
 * Settings that keep figures of each statement (`pg_stat_statements`), where the package for this platform brings the
 * library. Utility statements are left out: some hold passwords.
 */
export const statementFigures = (binaries: string): Readonly<Record<string, string>> =>
  LIBRARIES.some((file) => existsSync(join(binaries, file)))
    ? { shared_preload_libraries: 'pg_stat_statements', 'pg_stat_statements.track_utility': 'off' }
    : {};

const LIBRARIES = [
  'lib/postgresql/pg_stat_statements.so',
  'lib/postgresql/pg_stat_statements.dylib',
  'lib/pg_stat_statements.dll',
];

/** The settings as flags of the server's command line: `-c name=value`. */
export const settingsAsFlags = (settings: Record<string, string>): string[] =>
  Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
