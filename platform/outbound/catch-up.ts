/**
 * Replays: an endpoint receives again what it wants of the event log, from a place on. It reads the log by itself until it
 * has come to where the agent's consumer is, and then is among the others again. Both hold the consumer for it, so at that
 * moment no event is recorded twice, or by neither.
 */
import type { Kysely } from 'kysely';
import type { AgentContext } from '../agent/agent-context.ts';
import { cursorRow, hold, isRegistered } from '../consumers/cursor-row.ts';
import { type Cursor, decodeCursor, encodeCursor, isAfter } from '../events/cursor.ts';
import { type LoggedEvent, logIdentity, readLog } from '../events/event-log.ts';
import type { OutboundTables } from './entities.ts';
import { wants } from './event-types.ts';
import type { DueEndpoint, OutboundSql } from './outbound-sql.ts';
import { deliveriesOf } from './record.ts';

/** Events read in one transaction. */
export const REPLAY_PAGE = 200;
/** An endpoint for which so many deliveries wait reads no further: the log keeps what is not recorded yet. */
const MOST_WAITING = 1000;

/** Why an event of the log is not sent. */
const NOT_GENUINE =
  'not sent: its event in the log is not signed by its sender, or was changed since, or the key is missing. Once an operator has put that right, have it replayed.';

/** Parts of a replay. */
export interface CatchUpParts extends Pick<AgentContext, 'store' | 'clock' | 'eventCheck'> {
  agent: string;
  sql: OutboundSql;
  /** The types on offer. */
  types: readonly string[];
  /** Events read in one transaction. */
  page: number;
}

/**
 * Records the next page of a replay. True if there is more to do at once: another page to record, or what was recorded
 * to send.
 */
export const catchingUp =
  ({ agent, store, clock, eventCheck, sql, types, page: limit }: CatchUpParts) =>
  async (endpoint: DueEndpoint): Promise<boolean> => {
    if (await hasEnough(store.read.withTables<OutboundTables>(), endpoint.id)) return false;
    return store.write({ locks: [], origin: {} }, async ({ sql: db }) => {
      if (!(await isRegistered(db, agent))) return false;
      await hold(db, agent);
      const { generation } = await logIdentity(db);
      const mine = db.withTables<OutboundTables>();
      const after = endpoint.replayAfter;
      const from = after === null ? undefined : decodeCursor(after);
      const set = (replayAfter: string | null) =>
        mine
          .updateTable('outbound_endpoint')
          .set({ replayAfter })
          .where('id', '=', endpoint.id)
          .where('replayAfter', '=', after)
          .executeTakeFirst();
      const row = await cursorRow(db, agent);
      const consumed: Cursor = { xid: row.xid, position: row.position };
      // A cursor of the log before a restore: there is nothing to go on from.
      if (!from || from.generation !== generation || !isAfter(consumed, from)) {
        await set(null);
        return false;
      }
      const page = await readLog(db, from, { limit, types });
      const isThere = page.scanned < limit || !isAfter(consumed, page.next);
      const { numUpdatedRows } = await set(isThere ? null : encodeCursor(page.next, generation));
      // Another replay was asked for, or another process was faster.
      if (numUpdatedRows === 0n) return true;
      const events = page.events.filter((event) => !isAfter(event, consumed));
      const wanted = events.filter((event) => wants(endpoint, event));
      const genuine: LoggedEvent[] = [];
      const others: LoggedEvent[] = [];
      for (const event of wanted)
        ((await eventCheck.isGenuine(db, event, `a replay of ${agent}`)) ? genuine : others).push(event);
      const now = clock.now();
      await sql.record(db, deliveriesOf(genuine, [endpoint], generation), { now, again: true });
      // The consumer would park it for an operator, and what follows of its aggregate. Here no more than itself is held up:
      // the endpoint would otherwise receive nothing new either, until somebody looks.
      await sql.recordRefused(db, deliveriesOf(others, [endpoint], generation), { now, error: NOT_GENUINE });
      return !isThere || events.length > 0;
    });
  };

async function hasEnough(db: Kysely<OutboundTables>, endpointId: string): Promise<boolean> {
  const waiting = await db
    .selectFrom('outbound_delivery')
    .select('id')
    .where('endpointId', '=', endpointId)
    .where('status', '=', 'WAITING')
    .offset(MOST_WAITING)
    .limit(1)
    .execute();
  return waiting.length > 0;
}
