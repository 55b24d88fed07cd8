import type { Scenario } from '../scenario.ts';
import { failingUndo } from './failing-undo.ts';
import { fullDisk } from './full-disk.ts';
import { jumpingClock } from './jumping-clock.ts';
import { killAnyProcess } from './kill-any-process.ts';
import { killTheServer } from './kill-the-server.ts';
import { loseRedis } from './lose-redis.ts';
import { loseTheDatabase, loseTheDatabaseForLong } from './lose-the-database.ts';
import { rollingRestart } from './rolling-restart.ts';
import { shuffledEvents } from './shuffled-events.ts';
import { stopUnderLoad } from './stop-under-load.ts';
import { unsureProvider } from './unsure-provider.ts';
import { waitingCrowd } from './waiting-crowd.ts';

/**
 * All scenarios. Crashes between every two steps are tried exhaustively instead of at random:
 * crash-between-steps.test.ts.
 */
export const SCENARIOS: readonly Scenario[] = [
  killTheServer,
  loseTheDatabase,
  loseTheDatabaseForLong,
  shuffledEvents,
  unsureProvider,
  failingUndo,
  jumpingClock,
  stopUnderLoad,
  fullDisk,
  killAnyProcess,
  loseRedis,
  rollingRestart,
  waitingCrowd,
];
