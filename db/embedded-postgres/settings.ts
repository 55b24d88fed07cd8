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

/** The settings as flags of the server's command line: `-c name=value`. */
export const settingsAsFlags = (settings: Record<string, string>): string[] =>
  Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
