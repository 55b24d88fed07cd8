/** The webhook inbox for operators: list, redrive and retention. */
import type { AgentContext } from '../agent/agent-context.ts';
import { columnsOf, type RowOf } from '../data/entity-table.ts';
import { deleteInChunks } from '../data/in-chunks.ts';
import { refuse } from '../errors.ts';
import { type Connection, connect, type PageArgs } from '../graphql/connection.ts';
import { type InboxTables, WebhookDeliverySchema, type WebhookStatus } from './inbox-entity.ts';

/** A delivery as the graph reads it: without its body, which may hold personal data. */
export type DeliveryRow = Omit<RowOf<typeof WebhookDeliverySchema>, 'body'>;

/** A page of deliveries. */
export type DeliveryConnection = Connection<DeliveryRow>;

const DELIVERY = columnsOf(WebhookDeliverySchema).filter((name) => name !== 'body');

/** Retention of handled and failed deliveries: a sender retries for days, not for weeks. */
const KEPT_DAYS = 30;
const CHUNK = 1000;

/** Operators' access to one agent's inbox. */
export const deliveries = ({ store, clock }: Pick<AgentContext, 'store' | 'clock'>) => {
  const inbox = store.read.withTables<InboxTables>();
  return {
    /** Reads a page of deliveries, the latest first. */
    page: (
      filter: { endpoint?: string | null; status?: WebhookStatus | null },
      page: PageArgs,
    ): Promise<DeliveryConnection> => {
      let some = inbox.selectFrom('webhook_delivery').select(DELIVERY);
      if (filter.endpoint != null) some = some.where('endpoint', '=', filter.endpoint);
      if (filter.status != null) some = some.where('status', '=', filter.status);
      return connect(some, { column: 'receivedAt', direction: 'DESC' }, page);
    },

    /** Reads a delivery, if there is one with this id. */
    byId: (id: string): Promise<DeliveryRow | undefined> =>
      inbox.selectFrom('webhook_delivery').select(DELIVERY).where('id', '=', id).executeTakeFirst(),

    /** Redrives a failed delivery, all attempts anew; leaves a waiting one. @throws Refusal NOT_FOUND, INVALID_STATE */
    async redrive(id: string): Promise<void> {
      const anew = await inbox
        .updateTable('webhook_delivery')
        .set({ status: 'WAITING', attempts: 0, nextAt: clock.now() })
        .where('id', '=', id)
        .where('status', '=', 'FAILED')
        .returning('id')
        .execute();
      if (anew.length > 0) return;
      const found = await inbox.selectFrom('webhook_delivery').select('status').where('id', '=', id).executeTakeFirst();
      if (!found) throw refuse('NOT_FOUND', 'There is no such delivery.', ['input', 'id']);
      if (found.status === 'HANDLED') throw refuse('INVALID_STATE', 'It was handled before.', ['input', 'id']);
    },

    /** Deletes deliveries that are older than 30 days and not waiting, in chunks. */
    async forgetOld(signal: AbortSignal): Promise<void> {
      const before = new Date(clock.now().getTime() - KEPT_DAYS * 86_400_000);
      const old = inbox
        .selectFrom('webhook_delivery')
        .select('id')
        .where('receivedAt', '<', before)
        .where('status', '<>', 'WAITING');
      await deleteInChunks(CHUNK, signal, (limit) =>
        inbox
          .deleteFrom('webhook_delivery')
          .where('id', 'in', old.limit(limit))
          // Said again, since this alone is looked at anew in a row that was locked: what is redriven at this moment stays.
          .where('status', '<>', 'WAITING'),
      );
    },
  };
};
