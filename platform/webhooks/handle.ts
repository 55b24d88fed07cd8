/** Handles deliveries: each in one transaction with its change of status, so that its effect happens once. */
import type { AgentContext } from '../agent/agent-context.ts';
import { AgoraError, Fault, isTransient } from '../errors.ts';
import type { WebhookEndpoint } from './endpoint.ts';
import type { InboxTables } from './inbox-entity.ts';

/** Attempts before a delivery waits for an operator. */
const MAX_ATTEMPTS = 8;
const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 60_000;
/** Most deliveries per run. */
const BATCH = 50;

type HandlerContext = Pick<AgentContext, 'store' | 'clock' | 'secrets' | 'log'>;

/** Creates the handler of an agent's deliveries. */
export const handler = ({ store, clock, secrets, log }: HandlerContext, endpoints: readonly WebhookEndpoint[]) => {
  const inbox = store.read.withTables<InboxTables>();
  const waiting = (id: string) =>
    inbox
      .selectFrom('webhook_delivery')
      .select(['endpoint', 'attempts', 'body'])
      .where('id', '=', id)
      .where('status', '=', 'WAITING');

  const apply = async (id: string): Promise<void> => {
    const delivery = await waiting(id).executeTakeFirst();
    if (!delivery) return;
    const endpoint = endpoints.find(({ name }) => name === delivery.endpoint);
    if (!endpoint) throw new Fault('WEBHOOK_UNKNOWN', `Nobody handles webhooks of ${delivery.endpoint} any more.`);
    const body: unknown = endpoint.reads.parse(JSON.parse(secrets.open(delivery.body!, id)));
    const locks = await endpoint.locks(body);
    // The delivery's id is the correlation id of its events.
    await store.write({ locks, origin: { correlationId: id } }, async (work) => {
      const mine = work.sql.withTables<InboxTables>();
      const claimed = await mine
        .updateTable('webhook_delivery')
        .set({ status: 'HANDLED', handledAt: clock.now(), body: null, error: null })
        .set((eb) => ({ attempts: eb('attempts', '+', 1) }))
        .where('id', '=', id)
        .where('status', '=', 'WAITING')
        .returning('id')
        .execute();
      // Otherwise another process was faster: this one waited for its row lock.
      if (claimed.length > 0) await endpoint.handle(work, body);
    });
    endpoint.onHandled?.(body);
  };

  const retryLater = async (id: string, error: unknown): Promise<void> => {
    const { attempts: before } = (await waiting(id).executeTakeFirst()) ?? {};
    if (before === undefined) return;
    const attempts = before + 1;
    // A transient error, such as a lost connection, is not left to an operator.
    const status = attempts >= MAX_ATTEMPTS && !isTransient(error) ? 'FAILED' : 'WAITING';
    const delay = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** before) * (0.75 + Math.random() / 2);
    await inbox
      .updateTable('webhook_delivery')
      .set({ status, attempts, error: messageOf(error), nextAt: new Date(clock.now().getTime() + delay) })
      .where('id', '=', id)
      .where('status', '=', 'WAITING')
      .where('attempts', '=', before)
      .execute();
    log.warn({ err: error, webhook: id, attempts, status }, 'a webhook could not be handled');
  };

  /** Handles one delivery. Never rejects: a failed one is retried. */
  const handle = async (id: string): Promise<void> => {
    try {
      await apply(id);
    } catch (error) {
      await retryLater(id, error).catch((err: unknown) => log.warn({ err, webhook: id }, 'a webhook waits'));
    }
  };

  return {
    handle,

    /** Handles all deliveries that are due: those whose process died, and those that failed before. */
    async handleDue(signal: AbortSignal): Promise<void> {
      const due = await inbox
        .selectFrom('webhook_delivery')
        .select('id')
        .where('status', '=', 'WAITING')
        .where('nextAt', '<=', clock.now())
        .orderBy('nextAt')
        .limit(BATCH)
        .execute();
      for (const { id } of due) if (!signal.aborted) await handle(id);
    },
  };
};

/** The message of an error for operators, with the code of one of ours, which the docs explain. */
const messageOf = (error: unknown): string => {
  const message = error instanceof Error ? error.message : String(error);
  return (error instanceof AgoraError ? `${error.code}: ${message}` : message).slice(0, 500);
};
