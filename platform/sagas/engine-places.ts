/**
 * DBOS counts the runs that have not settled, and claims no more from a queue than it has places for. A parked run
 * never settles: its place is released here, as DBOS itself does with a run that has lost its saga.
 */
import { systemDatabase } from './engine-executor.ts';

/** Releases the place of the oldest run of this saga here: a later run has taken it up since. */
export const leavePlace = (saga: string): void => systemDatabase()?.runningWorkflowMap.get(saga)?.[0]?.release();

/** Number of runs that DBOS counts. */
export const placesTaken = (): number =>
  [...(systemDatabase()?.runningWorkflowMap.values() ?? [])].reduce((sum, runs) => sum + runs.length, 0);
