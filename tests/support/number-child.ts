/**
 * A process in which several writers draw numbers until it is killed, each into a note of its own: `node number-child.ts
 * <database url> <writers>`. Some of their transactions are rolled back: on purpose, or because a busy machine let them
 * wait for too long.
 */
import type { DatabaseError } from 'pg';
import { kyselyOver } from '../../db/kysely.ts';
import { newId } from '../../platform/ids.ts';
import { NOTE_NUMBERS, writeNumbered } from './numbered-notes.ts';
import { smallFixture } from './small-agent.ts';
import { testPool } from './test-pool.ts';

const QUERY_CANCELED = '57014';

const [url, writers] = process.argv.slice(2) as [string, string];
const { store } = await smallFixture(kyselyOver(testPool({ url, max: Number(writers) })));
process.stdout.write('runs\n');
await Promise.all(
  Array.from({ length: Number(writers) }, async (_, writer) => {
    for (let n = 0; ; n++) {
      const rollsBack = n % 5 === writer % 5;
      const owner = n % 7 === 0 ? 'other' : 'shop';
      await writeNumbered(store, NOTE_NUMBERS, { id: newId('note'), owner, rollsBack }).catch((error: Error) => {
        const isRolledBack = error.message === 'rolled back' || (error as DatabaseError).code === QUERY_CANCELED;
        if (!isRolledBack) throw error;
      });
    }
  }),
);
