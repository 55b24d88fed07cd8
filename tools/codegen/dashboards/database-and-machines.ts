import { type Board, rate } from './grafana.ts';

/** The text of each statement, by its id (`--collector.stat_statements.include_query`). */
const TEXTS = 'max by (queryid, query) (pg_stat_statements_query_id)';
/** The ten statements that lead by this, with their texts. */
const leading = (by: string): string => `topk(10, ${by}) * on (queryid) group_left (query) ${TEXTS}`;
/** Of each statement of each role, over the interval of one point. */
const perStatement = (series: string): string =>
  `sum by (user, queryid) (${rate(`pg_stat_statements_${series}{datname="agora"}`)})`;
/** File systems that hold data: neither in memory, nor images that are always full. */
const DISKS = 'fstype!~"tmpfs|ramfs|squashfs|iso9660|overlay|fuse.*"';

/** Dashboard of PostgreSQL and of the machines, by postgres_exporter and node_exporter. */
export const databaseAndMachines: Board = {
  uid: 'agora-database-and-machines',
  title: 'Database and Machines',
  description:
    'The slowest statements of PostgreSQL, its connections and size; disks, processors and memory of the machines.',
  panels: [
    {
      title: 'Slowest statements',
      unit: 's',
      width: 12,
      says: 'Mean duration of one call, by the role of the agent that sends it. Values are left out of the texts.',
      shows: [[leading(`${perStatement('seconds_total')} / ${perStatement('calls_total')}`), '{{user}}: {{query}}']],
    },
    {
      title: 'Statements that take the most time',
      unit: 's',
      width: 12,
      says: 'Time of all calls together, by the second: 1 is a whole core. Worth mending first.',
      shows: [[leading(perStatement('seconds_total')), '{{user}}: {{query}}']],
    },
    {
      title: 'Statements called most often',
      unit: 'ops',
      width: 12,
      says: 'Calls.',
      shows: [[leading(perStatement('calls_total')), '{{user}}: {{query}}']],
    },
    {
      title: 'Rows by statement',
      unit: 'ops',
      width: 12,
      says: 'Rows that are read or changed. Many for few calls: a list without a bound, or an index that is missing.',
      shows: [[leading(perStatement('rows_total')), '{{user}}: {{query}}']],
    },
    {
      title: 'Connections by state',
      says: 'Sessions of the database; the limit is `max_connections`, less those for superusers.',
      shows: [
        ['sum by (state) (pg_stat_activity_count{datname="agora"})', '{{state}}'],
        ['max(pg_settings_max_connections)', 'limit'],
      ],
    },
    {
      title: 'Size of the database',
      unit: 'bytes',
      says: 'Tables, indexes and the event log.',
      shows: [['max(pg_database_size_bytes{datname="agora"})', 'agora']],
    },
    {
      title: 'Commits and rollbacks',
      unit: 'ops',
      says: 'Transactions that ended.',
      shows: [
        [`sum(${rate('pg_stat_database_xact_commit{datname="agora"}')})`, 'commits'],
        [`sum(${rate('pg_stat_database_xact_rollback{datname="agora"}')})`, 'rollbacks'],
      ],
    },
    {
      title: 'Space left on disks',
      unit: 'percentunit',
      says: 'Share of each file system. Below 0.1 LowDiskSpace is told.',
      shows: [
        [`node_filesystem_avail_bytes{${DISKS}} / node_filesystem_size_bytes{${DISKS}}`, '{{instance}} {{mountpoint}}'],
      ],
    },
    {
      title: 'Processors',
      unit: 'percentunit',
      says: 'Share of the time in which they were busy.',
      shows: [[`1 - avg by (instance) (${rate('node_cpu_seconds_total{mode="idle"}')})`, '{{instance}}']],
    },
    {
      title: 'Memory available',
      unit: 'percentunit',
      says: 'Share that programs may still have.',
      shows: [['node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes', '{{instance}}']],
    },
    {
      title: 'Disks busy',
      unit: 'percentunit',
      says: 'Share of the time in which a disk had something to do. Near 1 commits wait for it.',
      shows: [[rate('node_disk_io_time_seconds_total'), '{{instance}} {{device}}']],
    },
    {
      title: 'Alerts told',
      unit: 'ops',
      says: 'By integration of Alertmanager, and those that failed.',
      shows: [
        [`sum by (integration) (${rate('alertmanager_notifications_total')})`, '{{integration}}'],
        [`sum by (integration) (${rate('alertmanager_notifications_failed_total')})`, '{{integration}} failed'],
      ],
    },
    {
      title: 'Ways in which alerts are told',
      as: 'stat',
      says: 'Integrations in the receivers of Alertmanager. 0: nobody is told.',
      shows: [['max(alertmanager_integrations)', 'integrations']],
    },
  ],
};
