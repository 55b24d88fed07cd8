/** Notes of the small agent with gapless numbers: the number is the note's text. */
import { type NumberSeries, numberSeries } from '../../platform/numbers/number-series.ts';
import type { Store } from '../../platform/store/store.ts';
import { noteWritten } from './small-agent.ts';

/** The series of notes. */
export const NOTE_NUMBERS = numberSeries({ name: 'note', prefix: 'N', digits: 6, restarts: 'YEARLY' });

/** Where the numbers of notes are. */
export const IN_NOTES = { schema: 'small', table: 'note', number: 'text', owner: 'owner' };

interface NumberedNote {
  id: string;
  owner?: string;
  timeZone?: string;
  at?: Date;
  /** Fails after the number was drawn. @default false */
  rollsBack?: boolean;
}

/** Writes a note, draws its number and publishes it. Returns the number. */
export async function writeNumbered(store: Store, series: NumberSeries, note: NumberedNote): Promise<string> {
  const { id, owner = 'shop', timeZone = 'UTC', at = new Date(), rollsBack = false } = note;
  let drawn = '';
  await store.write({ locks: [id], origin: {} }, async (work) => {
    await work.sql.insertInto('note').values({ id, text: '', owner }).execute();
    work.drawNumber(series, { owner, timeZone, at }, async ({ number }) => {
      drawn = number;
      await work.sql.updateTable('note').set({ text: number }).where('id', '=', id).execute();
      if (rollsBack) throw new Error('rolled back');
      const payload = { id, text: number };
      work.publish(noteWritten, { aggregateId: id, aggregateVersion: 1, payload });
    });
  });
  return drawn;
}
