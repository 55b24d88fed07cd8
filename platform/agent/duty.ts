import type { Kysely } from 'kysely';
import { raw } from '../data/raw.ts';
import type { Logger } from '../log.ts';
import { sleep } from '../sleep.ts';
import type { Duty } from './define-agent.ts';

/** Performs a duty by the clock until aborted. A duty that fails is logged, and due again at its next time. */
export async function performDuty(
  duty: Duty,
  { kysely, log, agent }: { kysely: Kysely<any>; log: Logger; agent: string },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await sleep(duty.everySeconds * 1000, signal);
    if (signal.aborted) return;
    try {
      await inTurn(kysely, `${agent}/${duty.name}`, () => duty.run(signal));
    } catch (error) {
      log.warn({ err: error, duty: duty.name }, 'duty failed, due again at its next time');
    }
  }
}

/** Of many processes one does the work; the others leave it to that one. */
async function inTurn(kysely: Kysely<any>, name: string, work: () => Promise<void>): Promise<void> {
  await kysely.connection().execute(async (connection) => {
    // A session's lock, not a transaction's: an open transaction would hold back the tail of the event log.
    const { rows } = await raw<{ held: boolean }>(
      connection,
      `select pg_try_advisory_lock(1819239273, hashtext($1)) as held`,
      [name],
    );
    if (!rows[0]!.held) return;
    try {
      await work();
    } finally {
      await raw(connection, `select pg_advisory_unlock(1819239273, hashtext($1))`, [name]);
    }
  });
}
