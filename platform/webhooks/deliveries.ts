/** What operators see of the inbox, and do about it. */
import type { AgentContext } from '../agent/agent-context.ts';
import { refuse } from '../errors.ts';
import { type Connection, connect, type PageArgs } from '../graphql/connection.ts';
import type { InboxTables, WebhookStatus } from './inbox-tables.ts';

/** A delivery as the graph reads it: without its body, which may tell of a person. */
export interface DeliveryRow {
  id: string;
  endpoint: string;
  webhook_id: string;
  received_at: Date;
  status: WebhookStatus;
  attempts: number;
  next_at: Date;
  handled_at: Date | null;
  error: string | null;
}

/** A page of them. */
export type DeliveryConnection = Connection<DeliveryRow>;

const DELIVERY = [
  'id',
  'endpoint',
  'webhook_id',
  'received_at',
  'status',
  'attempts',
  'next_at',
  'handled_at',
  'error',
] as const;

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
      return connect(some, { column: 'received_at', direction: 'DESC' }, page) as Promise<DeliveryConnection>;
    },

    /** One, if there is such a one. */
    byId: (id: string): Promise<DeliveryRow | undefined> =>
      inbox.selectFrom('webhook_delivery').select(DELIVERY).where('id', '=', id).executeTakeFirst(),

    /** Has a failed one tried again, with all attempts anew. One that waits is left as it is. @throws Refusal NOT_FOUND, INVALID_STATE */
    async redrive(id: string): Promise<void> {
      const anew = await inbox
        .updateTable('webhook_delivery')
        .set({ status: 'WAITING', attempts: 0, next_at: clock.now() })
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
          .where('received_at', '<', before)
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
