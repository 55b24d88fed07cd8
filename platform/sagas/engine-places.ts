/**
 * DBOS counts the runs that have not settled, and takes no more from a queue than it has places for. A run that was parked
 * never settles: its place is given back here, by what DBOS itself does with a run that has lost its saga.
 */
import { systemDatabase } from './engine-executor.ts';

/** Gives back the place of the oldest run of this saga here: a later one has taken it up since. */
export const leavePlace = (saga: string): void => systemDatabase()?.runningWorkflowMap.get(saga)?.[0]?.release();

/** How many runs DBOS counts. */
export const placesTaken = (): number =>
  [...(systemDatabase()?.runningWorkflowMap.values() ?? [])].reduce((sum, runs) => sum + runs.length, 0);
