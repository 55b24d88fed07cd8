/**
 * Rights of each role beside its own schema: the least that its work needs, table by table of `platform`. PostgreSQL
 * refuses every other.
 */
import pg from 'pg';

/** The room whose agent runs the sagas, keeps the registry and is the operators' desk for events. */
export const ORCHESTRATION = 'orchestration';

/** The room whose accounts tell whether a shop of one's own was begun. */
const IDENTITY = 'identity';

/** A right on a table of `platform`. */
export interface Right {
  table: string;
  command: 'select' | 'insert' | 'update' | 'delete';
  /** SQL condition of the rows; absent: all. */
  rows?: string;
  /** Columns; absent: all. */
  columns?: readonly string[];
  /** All columns but these. */
  columnsBut?: readonly string[];
}

/** The place of an event in the log, and its time there, are set by PostgreSQL: readers rely on them. */
const SET_BY_THE_LOG = ['xid', 'position', 'at'];

/** Rights of an agent: on its own rows, and on the log. */
export function rightsOfAgent(agent: string): Right[] {
  const own = (table: string, column: string, ...commands: Right['command'][]): Right[] =>
    commands.map((command) => ({ table, command, rows: `${column} = ${pg.escapeLiteral(agent)}` }));
  // Its own consumer, and those of its projections: `customer.orders`.
  const ofConsumers = (table: string, ...commands: Right['command'][]): Right[] =>
    own(table, `split_part(consumer, '.', 1)`, ...commands);
  return [
    { table: 'event_log', command: 'select' },
    ...own('event_log', 'source', 'insert').map((right) => ({ ...right, columnsBut: SET_BY_THE_LOG })),
    { table: 'log_identity', command: 'select' },
    { table: 'migration', command: 'select' },
    ...ofConsumers('log_cursor', 'select', 'insert', 'update'),
    ...ofConsumers('parked_event', 'select', 'insert', 'update', 'delete'),
    ...own('agent', 'name', 'select', 'insert', 'update'),
    ...own('agent_replica', 'agent', 'insert', 'update', 'delete'),
    { table: 'agent_replica', command: 'select' },
    { table: 'demo_load', command: 'select' },
    ...own('demo_load', 'agent', 'insert'),
    { table: 'saga_horizon', command: 'select' },
    ...(agent === IDENTITY ? INSTALLATION : []),
    ...(agent === ORCHESTRATION ? DESK : []),
  ];
}

/**
 * Functions that an agent calls with the rights of their owner: to start sagas, to have its configured keys compared,
 * and to have tables made and dropped for the rebuilds of its projections.
 */
export const FUNCTIONS_OF_AGENT: readonly string[] = [
  'start_saga',
  'missing_key',
  'shape_of',
  'begin_rebuild',
  'finish_rebuild',
  'drop_rebuild',
];

/** Rights of identity: on how the database was begun. */
const INSTALLATION: readonly Right[] = [
  { table: 'installation', command: 'select' },
  { table: 'installation', command: 'insert' },
  { table: 'installation', command: 'update' },
];

/**
 * Rights of orchestration: on the registry, the leases of saga workers, the signals that sagas wait for, and operators'
 * work on events.
 */
const DESK: readonly Right[] = [
  { table: 'agent', command: 'select' },
  { table: 'log_cursor', command: 'select' },
  { table: 'log_cursor', command: 'update' },
  { table: 'parked_event', command: 'select' },
  { table: 'parked_event', command: 'update' },
  { table: 'parked_event', command: 'delete' },
  { table: 'saga_worker', command: 'select' },
  { table: 'saga_worker', command: 'insert' },
  { table: 'saga_worker', command: 'update' },
  { table: 'saga_worker', command: 'delete' },
  { table: 'saga_wait', command: 'select' },
  { table: 'saga_wait', command: 'insert' },
  { table: 'saga_wait', command: 'update' },
  { table: 'saga_wait', command: 'delete' },
  { table: 'saga_queue', command: 'select' },
  { table: 'saga_queue', command: 'insert' },
  { table: 'saga_queue', command: 'update' },
  { table: 'saga_horizon', command: 'insert' },
  { table: 'saga_horizon', command: 'update' },
];

/** Rights of a gateway, which has no data of its own: on the replicas that it can ask. */
export const GATEWAY: readonly Right[] = [{ table: 'agent_replica', command: 'select' }];

/** Rights of the log's keeper: it owns the log and its partitions, and must see how far the log has been read. */
export const KEEPER: readonly Right[] = [
  { table: 'log_identity', command: 'select' },
  { table: 'log_identity', command: 'update', columns: ['oldest_xid'] },
  { table: 'log_cursor', command: 'select' },
  { table: 'agent', command: 'select' },
];
