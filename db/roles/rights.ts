/**
 * What each role may do beside its own schema: the least that its work needs, table by table of `platform`. Whatever is
 * not listed is refused by PostgreSQL.
 */
import pg from 'pg';

/** The room whose agent carries the sagas, keeps the registry and is the operators' desk for events. */
export const ORCHESTRATION = 'orchestration';

/** The room whose accounts say whether somebody has begun a shop of their own. */
const IDENTITY = 'identity';

/** A right on a table of `platform`. */
export interface Right {
  table: string;
  command: 'select' | 'insert' | 'update' | 'delete';
  /** SQL that says which rows; absent: all. */
  rows?: string;
  /** Which columns; absent: all. */
  columns?: readonly string[];
  /** All columns but these. */
  columnsBut?: readonly string[];
}

/** Where an event stands in the log, and when it came there, is PostgreSQL's to say: readers rely on it. */
const SET_BY_THE_LOG = ['xid', 'position', 'at'];

/** Of an agent: its own rows, and the log. */
export function rightsOfAgent(agent: string): Right[] {
  const own = (table: string, column: string, ...commands: Right['command'][]): Right[] =>
    commands.map((command) => ({ table, command, rows: `${column} = ${pg.escapeLiteral(agent)}` }));
  return [
    { table: 'event_log', command: 'select' },
    ...own('event_log', 'source', 'insert').map((right) => ({ ...right, columnsBut: SET_BY_THE_LOG })),
    { table: 'log_identity', command: 'select' },
    { table: 'migration', command: 'select' },
    ...own('log_cursor', 'consumer', 'select', 'insert', 'update'),
    ...own('parked_event', 'consumer', 'select', 'insert', 'update', 'delete'),
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

/** What an agent does with the rights of the owner: start sagas, and have the keys that it was given compared. */
export const FUNCTIONS_OF_AGENT: readonly string[] = ['start_saga', 'missing_key'];

/** Of identity: how the database was begun. */
const INSTALLATION: readonly Right[] = [
  { table: 'installation', command: 'select' },
  { table: 'installation', command: 'insert' },
  { table: 'installation', command: 'update' },
];

/** Of orchestration: the registry, the leases of saga workers, what sagas wait for, and what operators do about events. */
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

/** Of a gateway, which has no data of its own: whom it can ask. */
export const GATEWAY: readonly Right[] = [{ table: 'agent_replica', command: 'select' }];

/** Of whoever keeps the log: it owns the log and its partitions, and must see how far the log has been read. */
export const KEEPER: readonly Right[] = [
  { table: 'log_identity', command: 'select' },
  { table: 'log_identity', command: 'update', columns: ['oldest_xid'] },
  { table: 'log_cursor', command: 'select' },
  { table: 'agent', command: 'select' },
];
