import pg from 'pg';
import { columnTypes } from './column-types.ts';
import { CancellingClient } from './cancelling-client.ts';
import { PreparingClient } from './preparing-client.ts';

/** Limits that every connection of a pool has from its start. Milliseconds; 0 is none. */
export interface ConnectionLimits {
  /**
   * A write transaction anywhere holds the tail of the event log back for all, so no transaction may be long.
   * @default 5000
   */
  transactionTimeout?: number;
  /** @default 4000 */
  statementTimeout?: number;
  /** How long to wait for a lock. @default 3000 */
  lockTimeout?: number;
  /** How long a transaction may do nothing. @default 5000 */
  idleInTransactionTimeout?: number;
}

/** Options of a pool. */
export interface PoolOptions extends ConnectionLimits {
  url: string;
  /** The most connections. */
  max: number;
  /** How int8 is read: as bigint, or as text, which is pg's own default. @default 'bigint' */
  int8?: 'bigint' | 'text';
  /** Whether statements are prepared, which a pooler must support. @default true */
  prepare?: boolean;
  /** How long to wait for a connection, in milliseconds. @default 5000 */
  connectTimeout?: number;
  /** Shown in `pg_stat_activity` as `application_name`. */
  name: string;
  /** Called when a connection is lost; statements on it fail by themselves. */
  onConnectionLost?: (error: Error) => void;
}

/** The limits as PostgreSQL's settings, in milliseconds. */
export const limitSettings = (limits: ConnectionLimits): Record<string, number> => ({
  transaction_timeout: limits.transactionTimeout ?? 5000,
  statement_timeout: limits.statementTimeout ?? 4000,
  lock_timeout: limits.lockTimeout ?? 3000,
  idle_in_transaction_session_timeout: limits.idleInTransactionTimeout ?? 5000,
});

/** The limits as PostgreSQL's start-up `options`, which cost no statement. */
export const limitsAsOptions = (limits: ConnectionLimits): string =>
  Object.entries(limitSettings(limits))
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(' ');

/**
 * A pool that prepares its statements, if it may, reads int8 as bigint, and survives its server: a lost connection
 * costs the statements on it and is replaced at the next call.
 */
export function createPool(options: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.max,
    application_name: options.name,
    Client: options.prepare === false ? CancellingClient : PreparingClient,
    types: options.int8 === 'text' ? undefined : columnTypes,
    options: limitsAsOptions(options),
    connectionTimeoutMillis: options.connectTimeout ?? 5000,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
  });
  // Without listeners, a server that stops takes the process with it. An idle client's error reaches the pool, one
  // that is lent out has only its own listener.
  const lost = options.onConnectionLost ?? (() => {});
  pool.on('error', lost);
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}
