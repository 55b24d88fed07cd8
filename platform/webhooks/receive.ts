import type { AgentContext } from '../agent/agent-context.ts';
import { newId } from '../ids.ts';
import type { WebhookEndpoint } from './endpoint.ts';
import type { InboxTables } from './inbox-entity.ts';
import { type Verdict, verifyWebhook, type WebhookHeaders } from './signature.ts';

/** A delivery as the gateway passes it on. */
export interface Delivered extends WebhookHeaders {
  endpoint: string;
  /** The signed bytes as they came, in base64. */
  body: string;
}

/** Outcome of a delivery. Only STORED and REPEATED (stored before) are answered with a 2xx. */
export type WebhookOutcome = 'STORED' | 'REPEATED' | 'UNKNOWN_ENDPOINT' | Exclude<Verdict, 'GENUINE'>;

/**
 * Creates the receiver, which verifies and stores deliveries, and calls `onStored` for each new one after the commit.
 */
export const receiver = (
  { store, clock, secrets }: Pick<AgentContext, 'store' | 'clock' | 'secrets'>,
  endpoints: readonly WebhookEndpoint[],
  onStored: (id: string) => void,
) => {
  const inbox = store.read.withTables<InboxTables>();
  return async ({ endpoint: name, body, ...headers }: Delivered): Promise<WebhookOutcome> => {
    const endpoint = endpoints.find((each) => each.name === name);
    if (!endpoint?.secrets) return 'UNKNOWN_ENDPOINT';
    const bytes = Buffer.from(body, 'base64');
    const now = clock.now();
    const verdict = verifyWebhook(endpoint.secrets, headers, bytes, now);
    if (verdict !== 'GENUINE') return verdict;
    const id = newId('webhook');
    const stored = await inbox
      .insertInto('webhook_delivery')
      .values({
        id,
        endpoint: name,
        webhookId: headers.id!,
        receivedAt: now,
        status: 'WAITING',
        nextAt: now,
        body: secrets.seal(bytes.toString('utf8'), id),
      })
      .onConflict((on) => on.columns(['endpoint', 'webhookId']).doNothing())
      .returning('id')
      .execute();
    if (stored.length === 0) return 'REPEATED';
    onStored(id);
    return 'STORED';
  };
};
