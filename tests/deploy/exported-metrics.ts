/** Metrics of other programs that our dashboards and alerts ask for, each with its labels. */

/** Those of node_exporter. */
export const NODE_EXPORTER: Readonly<Record<string, readonly string[]>> = {
  node_filesystem_avail_bytes: ['device', 'fstype', 'mountpoint'],
  node_filesystem_size_bytes: ['device', 'fstype', 'mountpoint'],
  node_filesystem_readonly: ['device', 'fstype', 'mountpoint'],
  node_cpu_seconds_total: ['cpu', 'mode'],
  node_memory_MemAvailable_bytes: [],
  node_memory_MemTotal_bytes: [],
  node_disk_io_time_seconds_total: ['device'],
};

/** Those of Alertmanager. */
export const ALERTMANAGER: Readonly<Record<string, readonly string[]>> = {
  alertmanager_integrations: [],
  alertmanager_notifications_total: ['integration'],
  alertmanager_notifications_failed_total: ['integration'],
};

/** Those that every postgres_exporter has. */
export const POSTGRES_EXPORTER: Readonly<Record<string, readonly string[]>> = {
  pg_up: [],
  pg_stat_activity_count: ['datname', 'state'],
  pg_settings_max_connections: [],
  pg_database_size_bytes: ['datname'],
  pg_stat_database_xact_commit: ['datid', 'datname'],
  pg_stat_database_xact_rollback: ['datid', 'datname'],
};

/**
 * Those of its collector of statements, since 0.14 (`collector/pg_stat_statements.go`), with the texts since 0.18:
 * newer than Debian's.
 */
const STATEMENTS: Readonly<Record<string, readonly string[]>> = {
  pg_stat_statements_calls_total: ['user', 'datname', 'queryid'],
  pg_stat_statements_seconds_total: ['user', 'datname', 'queryid'],
  pg_stat_statements_rows_total: ['user', 'datname', 'queryid'],
  pg_stat_statements_query_id: ['queryid', 'query'],
};

/** All of them. */
export const EXPORTED = { ...NODE_EXPORTER, ...ALERTMANAGER, ...POSTGRES_EXPORTER, ...STATEMENTS };
