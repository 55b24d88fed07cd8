/**
 * Internals of DBOS 5.3.0 that have no public API. DBOS is pinned to this version; in-hand.test.ts fails should another
 * differ.
 */
import { createRequire } from 'node:module';

interface SystemDatabase {
  /** Runs that have not settled, by workflow id. */
  runningWorkflowMap: Map<string, { release(): void }[]>;
  /** Claims workflows from a queue. */
  findAndMarkStartableWorkflows(queue: { name: string }, ...how: unknown[]): Promise<string[]>;
}

const require = createRequire(import.meta.url);
const { DBOSExecutor } = require(require.resolve('@dbos-inc/dbos-sdk').replace(/index\.js$/, 'dbos-executor.js')) as {
  DBOSExecutor: { globalInstance?: { systemDatabase: SystemDatabase } };
};

/** The system database of the current launch of DBOS, if there is one. */
export const systemDatabase = (): SystemDatabase | undefined => DBOSExecutor.globalInstance?.systemDatabase;
