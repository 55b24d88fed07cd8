/** A note that is sent outside once it is approved, by a process that may die at any place of that. */
import { type Kysely, sql } from 'kysely';
import type { ApprovableCommand } from '../../platform/approvals/command.ts';
import type { Note, sendNote } from '../../platform/approvals/small-approvals.testing.ts';

/** The places of an execution. */
export const PLACES = ['approved', 'executing', 'executed', 'sent'] as const;
/** A place of an execution. */
export type Place = (typeof PLACES)[number];

/**
 * The command. The outside, `small.sent`, knows a note by its id, as a payment provider knows a refund.
 * @param die called at each place
 */
export function dyingNote(
  kysely: Kysely<any>,
  make: typeof sendNote,
  die: (at: Place) => void = () => {},
): ApprovableCommand<Note> {
  const command = make(async (id) => {
    die('executed');
    await sql`insert into small.sent (id) select ${id} where not exists (select from small.sent where id = ${id})`.execute(
      kysely,
    );
    die('sent');
  });
  return {
    ...command,
    locks(input) {
      die('approved');
      return command.locks(input);
    },
    async execute(work, input, by) {
      const id = await command.execute(work, input, by);
      die('executing');
      return id;
    },
  };
}
