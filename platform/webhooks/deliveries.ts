/** What operators see of the inbox, and do about it. */
import type { AgentContext } from '../agent/agent-context.ts';
import { columnsOf, type RowOf } from '../data/entity-table.ts';
import { refuse } from '../errors.ts';
import { type Connection, connect, type PageArgs } from '../graphql/connection.ts';
import { type InboxTables, WebhookDeliverySchema, type WebhookStatus } from './inbox-entity.ts';

/** A delivery as the graph reads it: without its body, which may tell of a person. */
export type DeliveryRow = Omit<RowOf<typeof WebhookDeliverySchema>, 'body'>;

/** A page of them. */
export type DeliveryConnection = Connection<DeliveryRow>;

const DELIVERY = columnsOf(WebhookDeliverySchema).filter((name) => name !== 'body');

/** How long handled and failed ones are kept. A sender repeats a message for days, and not for weeks. */
const KEPT_DAYS = 30;
const CHUNK = 1000;

/** The desk of one agent's inbox. */
export const deliveries = ({ store, clock }: Pick<AgentContext, 'store' | 'clock'>) => {
  const inbox = store.read.withTables<InboxTables>();
  return {
    /** A page, the latest first. */
    page: (
      filter: { endpoint?: string | null; status?: WebhookStatus | null },
      page: PageArgs,
    ): Promise<DeliveryConnection> => {
      let some = inbox.selectFrom('webhook_delivery').select(DELIVERY);
      if (filter.endpoint != null) some = some.where('endpoint', '=', filter.endpoint);
      if (filter.status != null) some = some.where('status', '=', filter.status);
      return connect(some, { column: 'receivedAt', direction: 'DESC' }, page);
    },

    /** One, if there is such a one. */
    byId: (id: string): Promise<DeliveryRow | undefined> =>
      inbox.selectFrom('webhook_delivery').select(DELIVERY).where('id', '=', id).executeTakeFirst(),

    /** Has a failed one tried again, with all attempts anew. One that waits is left as it is. @throws Refusal NOT_FOUND, INVALID_STATE */
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

    /** Forgets what is older than 30 days and waits for nobody, in chunks. */
    async forgetOld(signal: AbortSignal): Promise<void> {
      const before = new Date(clock.now().getTime() - KEPT_DAYS * 86_400_000);
      for (let gone = CHUNK; gone === CHUNK && !signal.aborted; ) {
        const old = inbox
          .selectFrom('webhook_delivery')
          .select('id')
          .where('receivedAt', '<', before)
          .where('status', '<>', 'WAITING')
          .limit(CHUNK);
        const { numDeletedRows } = await inbox
          .deleteFrom('webhook_delivery')
          .where('id', 'in', old)
          .executeTakeFirstOrThrow();
        gone = Number(numDeletedRows);
      }
    },
  };
};
