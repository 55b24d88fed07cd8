import type { Pool } from 'pg';
import { createPool, type PoolOptions } from '../../db/pool.ts';
import { PATIENCE_MS } from './patience.ts';

/**
 * A pool that waits for its connections as long as a test does: on a busy machine that may be longer than a caller may
 * wait.
 */
export const testPool = (options: Omit<PoolOptions, 'name'> & Partial<PoolOptions>): Pool =>
  createPool({ name: 'agora test', connectTimeout: PATIENCE_MS, ...options });
