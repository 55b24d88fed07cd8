/**
 * DBOS counts the runs that have not settled, and takes no more from a queue than it has places for. A run that was parked
 * never settles: its place is given back here, by what DBOS 5.3.0 itself does with a run that has lost its saga. It has no
 * public name for that, and is pinned to this version; in-hand.test.ts fails should another do it differently.
 */
import { createRequire } from 'node:module';

interface Executor {
  systemDatabase: { runningWorkflowMap: Map<string, { release(): void }[]> };
}

const require = createRequire(import.meta.url);
const { DBOSExecutor } = require(require.resolve('@dbos-inc/dbos-sdk').replace(/index\.js$/, 'dbos-executor.js')) as {
  DBOSExecutor: { globalInstance?: Executor };
};

/** Gives back the place of the oldest run of this saga here: a later one has taken it up since. */
export const leavePlace = (saga: string): void =>
  DBOSExecutor.globalInstance?.systemDatabase.runningWorkflowMap.get(saga)?.[0]?.release();

/** How many runs DBOS counts. */
export const placesTaken = (): number =>
  [...(DBOSExecutor.globalInstance?.systemDatabase.runningWorkflowMap.values() ?? [])].reduce(
    (sum, runs) => sum + runs.length,
    0,
  );
