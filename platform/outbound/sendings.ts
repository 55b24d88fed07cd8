/** What the owner of an endpoint has sent to it: a test, and a replay of the log. */
import type { AgentContext } from '../agent/agent-context.ts';
import { hold } from '../consumers/cursor-row.ts';
import { idempotencyOf } from '../data/idempotency.ts';
import type { RowFilter } from '../data/row-filter.ts';
import { refuse } from '../errors.ts';
import { type Cursor, decodeCursor, encodeCursor } from '../events/cursor.ts';
import { logIdentity, whyExpired } from '../events/event-log.ts';
import { placeBefore } from '../events/replay.ts';
import type { RequestContext } from '../graphql/context.ts';
import { newId } from '../ids.ts';
import type { Work } from '../store/store.ts';
import type { EndpointRow, OutboundTables } from './entities.ts';
import { bodyOf } from './envelope.ts';
import type { OutboundSql } from './outbound-sql.ts';

/** The type of a test's webhook. It is no event of the log. */
export const TEST_TYPE = 'webhook.test';

/** The path of an endpoint's id in the inputs that name it so. */
export const ENDPOINT_ID = ['input', 'endpointId'];

/** Parts of the use cases. */
export interface SendingParts extends Pick<AgentContext, 'store' | 'clock'> {
  agent: string;
  sql: OutboundSql;
  /** Finds and locks an endpoint. @throws Refusal NOT_FOUND */
  find(work: Work, id: string, rows: RowFilter, path: string[]): Promise<EndpointRow>;
  /** Reads endpoints. */
  byIds(ids: readonly string[], rows: RowFilter): Promise<EndpointRow[]>;
  /** Called after a commit that made something due. */
  onDue(): void;
}

/** The use cases. Rows are those that the caller may change. */
export const sendings = ({ agent, store, clock, sql, find, byIds, onDue }: SendingParts) => ({
  /** Sends a webhook that is no event, to try the receiver. Returns the delivery's id. @throws Refusal NOT_FOUND, INVALID_STATE */
  async sendTest(
    input: { endpointId: string; idempotencyKey: string },
    context: RequestContext,
    rows: RowFilter,
  ): Promise<string> {
    const key = idempotencyOf('sendTestWebhook', input, context);
    const { deliveryId } = await store.idempotent({ ...key, locks: [input.endpointId] }, async (work) => {
      checkEnabled(await find(work, input.endpointId, rows, ENDPOINT_ID));
      const [deliveryId, webhookId, now] = [newId('delivery'), newId('msg'), clock.now()];
      const { endpointId } = input;
      const message = {
        id: webhookId,
        type: TEST_TYPE,
        source: agent,
        subject: endpointId,
        time: now,
        data: { endpointId },
      };
      const delivery = {
        id: deliveryId,
        endpointId,
        webhookId,
        eventType: TEST_TYPE,
        // A lane of its own, so that it waits for no other.
        aggregateId: webhookId,
        eventXid: null,
        eventPosition: null,
        body: bodyOf(message),
      };
      await sql.record(work.sql, [delivery], { now, again: false });
      return { deliveryId };
    });
    onDue();
    return deliveryId;
  },

  /**
   * Has an endpoint receive again what it wants of the log, after a cursor of a webhook or since a time. What waits of it
   * is not sent before. Returns the endpoint's id. @throws Refusal NOT_FOUND, INVALID_STATE, INVALID_INPUT
   */
  async replay(
    input: { endpointId: string; after?: string | null; since?: Date | null; idempotencyKey: string },
    context: RequestContext,
    rows: RowFilter,
  ): Promise<string> {
    const { after, since } = input;
    // First, so that what is wrong with the place tells nothing of an endpoint of another owner.
    if ((await byIds([input.endpointId], rows)).length === 0)
      throw refuse('NOT_FOUND', 'There is no such webhook endpoint, or it is not yours.', ENDPOINT_ID);
    if ((after == null) === (since == null))
      throw refuse('INVALID_INPUT', 'Give the place to begin at: either `after` or `since`.', ['input']);
    const log = await logIdentity(store.read);
    const from = after == null ? await placeBefore(store.read, since!) : cursorOf(after, log);
    const key = idempotencyOf('replayWebhooks', input, context);
    await store.idempotent({ ...key, locks: [input.endpointId] }, async (work) => {
      // No batch of the consumer is under way then, which would record events that are deleted here.
      await hold(work.sql, agent);
      const endpoint = await find(work, input.endpointId, rows, ENDPOINT_ID);
      checkEnabled(endpoint);
      const mine = work.sql.withTables<OutboundTables>();
      await mine
        .updateTable('outbound_endpoint')
        .set({ replayAfter: encodeCursor(from, log.generation) })
        .where('id', '=', endpoint.id)
        .execute();
      await sql.withdraw(work.sql, endpoint.id, from);
      return {};
    });
    onDue();
    return input.endpointId;
  },
});

function checkEnabled({ status }: EndpointRow): void {
  if (status !== 'ENABLED') throw refuse('INVALID_STATE', 'The endpoint is disabled: enable it first.', ENDPOINT_ID);
}

/** The place that a cursor names. @throws Refusal INVALID_INPUT for one that is none of this log */
function cursorOf(after: string, log: Parameters<typeof whyExpired>[1]): Cursor {
  const path = ['input', 'after'];
  const cursor = decodeCursor(after);
  if (!cursor) throw refuse('INVALID_INPUT', 'This is not a cursor: give the `cursor` of a webhook.', path);
  const why = whyExpired(cursor, log);
  if (why) throw refuse('INVALID_INPUT', `The cursor ${why}: give a later one, or a time as \`since\`.`, path);
  return cursor;
}
