/**
 * What of DBOS 5.3.0 has no public name, and is used all the same. It is pinned to this version; in-hand.test.ts fails
 * should another do it differently.
 */
import { createRequire } from 'node:module';

interface SystemDatabase {
  /** The runs that have not settled. */
  runningWorkflowMap: Map<string, { release(): void }[]>;
  /** Takes what it can from a queue. */
  findAndMarkStartableWorkflows(queue: { name: string }, ...how: unknown[]): Promise<string[]>;
}

const require = createRequire(import.meta.url);
const { DBOSExecutor } = require(require.resolve('@dbos-inc/dbos-sdk').replace(/index\.js$/, 'dbos-executor.js')) as {
  DBOSExecutor: { globalInstance?: { systemDatabase: SystemDatabase } };
};

/** DBOS's own database of the launch that is on, if one is. */
export const systemDatabase = (): SystemDatabase | undefined => DBOSExecutor.globalInstance?.systemDatabase;
