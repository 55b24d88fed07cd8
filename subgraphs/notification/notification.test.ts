import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { raw } from '../../platform/data/raw.ts';
import { START } from '../../platform/events/cursor.ts';
import { Consumer } from '../../platform/consumers/consumer.ts';
import { bindHandlers } from '../../platform/consumers/handler.ts';
import { LogNotifier } from '../../platform/events/log-notifier.ts';
import { append } from '../../platform/events/event-log.ts';
import { newId, newUuid } from '../../platform/ids.ts';
import { type Logger, silentLogger } from '../../platform/log.ts';
import { actor, openAgents, operator, type TestAgents, viewer } from '../../tests/support/agents.ts';
import { notificationHandlers } from './handlers.ts';
import { readableLog } from '../../tests/support/readable-log.ts';

let agents: TestAgents;
let open: () => Promise<Consumer>;
/** The end of the quiet hours; the present outside of them. */
let quietUntil: Date;
const lines: object[] = [];
const log = { ...silentLogger, info: (fields: object) => lines.push(fields), warn: () => {} } as unknown as Logger;
beforeAll(async () => {
  agents = await openAgents(['notification']);
  const { kysely, clock } = agents;
  open = async () => {
    const consumer = new Consumer({
      agent: 'notification',
      kysely,
      notifier: new LogNotifier(),
      log,
      handlers: bindHandlers(notificationHandlers, { clock, log, quietHours: { until: async () => quietUntil } }),
    });
    await consumer.register();
    return consumer;
  };
  // Registers the consumer's cursor before the tests publish.
  await open();
});
afterAll(() => agents.close());

let customerId: string;
let customer: ReturnType<typeof actor>;
beforeEach(() => {
  customerId = newId('customer');
  customer = actor({ roles: ['CUSTOMER'], customerId });
  lines.length = 0;
  quietUntil = agents.clock.now();
});

/** Publishes an event as the order agent. */
const publish = (type: string, payload: Record<string, unknown>, orderId = newId('order')) =>
  agents.kysely.transaction().execute((transaction) =>
    append(transaction, [
      {
        id: newUuid(),
        type,
        source: 'order',
        aggregateType: 'order',
        aggregateId: orderId,
        aggregateVersion: 1,
        payload: { orderId, number: 'AG-1', ...payload },
      },
    ]),
  );
const placed = (more: Record<string, unknown> = {}, orderId?: string) =>
  publish('order.placed', { customerId, totalMinor: '999', currency: 'EUR', ...more }, orderId);
const changed = (newStatus: string, more: Record<string, unknown> = {}) =>
  publish('order.status_changed', { customerId, oldStatus: 'PENDING', newStatus, ...more });

/** Consumes the log to its end by a new consumer, and waits for events that open transactions of other tests hide. */
const consume = async (): Promise<void> => {
  const consumer = await open();
  await readableLog(agents.kysely);
  while ((await consumer.step()) === 'more');
};
const INBOX = 'nodes { id type subject text readAt order { id } } pageInfo { hasNextPage endCursor } totalCount';
const page = (asked: Record<string, unknown>, as = customer) => agents.query('inbox', asked, INBOX, as);
const inbox = async (as = customer, asked = {}) => (await page(asked, as)).nodes;
const requested = async () =>
  (await agents.events('notification.requested')).filter((event) => event.payload.customerId === customerId);

describe('a message', () => {
  test('comes with each refund once, and with no other change of a payment', async () => {
    const moved = (payload: object) =>
      publish('order.payment_status_changed', { customerId, status: 'PROCESSING', ...payload });
    await moved({ paymentStatus: 'REQUIRES_ACTION', refunded: null });
    await moved({ paymentStatus: 'PARTIALLY_REFUNDED', refunded: { minor: '6000', currency: 'EUR' } });
    await moved({ paymentStatus: 'REFUNDED', refunded: { minor: '4000', currency: 'EUR' } });
    await consume();
    const texts = (await inbox()).map(({ type, text }: { type: string; text: string }) => [
      type,
      text.split(' for ')[0],
    ]);
    expect(texts).toEqual([
      ['PAYMENT_REFUNDED', 'We have given 40.00 EUR back to you'],
      ['PAYMENT_REFUNDED', 'We have given 60.00 EUR back to you'],
    ]);
  });

  test('comes with a new order, has its number and total, and is published without them', async () => {
    const orderId = newId('order');
    await placed({}, orderId);
    await consume();
    const messages = await inbox();
    expect(messages).toEqual([
      {
        id: expect.stringMatching(/^message_/),
        type: 'ORDER_PLACED',
        subject: 'We have your order AG-1',
        text: expect.stringContaining('9.99 EUR'),
        readAt: null,
        order: { id: orderId },
      },
    ]);
    const [event] = await requested();
    expect(event!.payload).toMatchObject({
      customerId,
      notificationType: 'ORDER_PLACED',
      channel: 'in_app',
      subject: 'We have your order {number}',
      referenceId: orderId,
    });
    expect(JSON.stringify(event!.payload)).not.toContain('AG-1');
    expect(lines).toEqual([
      {
        notification: 'ORDER_PLACED',
        messageId: messages[0].id,
        orderId,
        customerId,
        event: expect.any(String),
        correlationId: null,
      },
    ]);
  });

  test('comes in the order of the events, also of one batch, and each is published as caused by its own', async () => {
    const orders = Array.from({ length: 20 }, () => newId('order'));
    for (const orderId of orders) await placed({}, orderId);
    await placed({ customerId: null });
    await consume();
    const messages: { id: string; order: { id: string } }[] = await inbox();
    expect(messages.map(({ order }) => order.id)).toEqual(orders.toReversed());
    const { rows } = await raw<{ about: string; cause: string }>(
      agents.kysely,
      `select sent.payload ->> 'referenceId' as about, cause.aggregate_id as cause
       from platform.event_log sent join platform.event_log cause on cause.id = sent.causation_id
       where sent.payload ->> 'customerId' = $1 order by sent.position`,
      [customerId],
    );
    expect(rows).toEqual(orders.map((orderId) => ({ about: orderId, cause: orderId })));
    expect(lines).toHaveLength(21);
  });

  test('about a cancelled order gives the reason', async () => {
    await changed('CANCELLED', { reason: 'PAYMENT_DECLINED' });
    await consume();
    expect((await inbox())[0].text).toContain('the payment was declined');
  });

  test('does not come with a status of no interest to the buyer', async () => {
    await changed('PROCESSING');
    await consume();
    expect(await inbox()).toEqual([]);
  });

  test('to a guest is a line in the log and nothing else', async () => {
    await placed({ customerId: null });
    await consume();
    expect(lines).toEqual([
      expect.objectContaining({ notification: 'ORDER_PLACED', customerId: null, messageId: undefined }),
    ]);
  });
});

describe('an event leads to one message', () => {
  test('also if several processes consume at once', async () => {
    for (let n = 0; n < 30; n++) await placed();
    await Promise.all([consume(), consume(), consume()]);
    await consume();
    expect((await page({ first: 100 })).totalCount).toBe(30);
    expect(await requested()).toHaveLength(30);
  });

  test('also if the whole log is replayed', async () => {
    await placed();
    await changed('CONFIRMED');
    await consume();
    const before = await inbox();
    await agents.kysely.updateTable('platform.log_cursor').set(START).where('consumer', '=', 'notification').execute();
    lines.length = 0;
    await consume();
    expect(await inbox()).toEqual(before);
    expect(before).toHaveLength(2);
    expect(await requested()).toHaveLength(2);
    expect(lines.filter((line) => (line as { customerId: unknown }).customerId)).toEqual([]);
  });

  test('also if an earlier event is unreadable: it is parked, and the others flow', async () => {
    await placed();
    await placed({ totalMinor: 'twelve' });
    await placed();
    await consume();
    expect(await inbox()).toHaveLength(2);
    const parked = await agents.kysely
      .selectFrom('platform.parked_event')
      .select(['state', 'attempts'])
      .where('consumer', '=', 'notification')
      .execute();
    expect(parked).toEqual([{ state: 'WAITING', attempts: 1 }]);
  });
});

describe('an inbox', () => {
  const mark = (messageId: string, as = customer) =>
    agents.mutate('markMessageRead', { messageId }, 'message { id readAt } userErrors { code }', as);
  const unread = async (as = customer) => {
    const entity = 'query ($of: [_Any!]!) { _entities(representations: $of) { ... on Customer { unreadMessages } } }';
    const of = [{ __typename: 'Customer', id: customerId }];
    return (await agents.data('notification', entity, { of }, as))._entities[0].unreadMessages;
  };

  test('is its owner’s alone', async () => {
    await placed();
    await consume();
    const [message] = await inbox();
    const other = actor({ roles: ['CUSTOMER'], customerId: newId('customer') });
    expect(await inbox(other)).toEqual([]);
    expect(await inbox(actor({ roles: ['GUEST'], orderId: newId('order') }))).toEqual([]);
    expect(await inbox(viewer)).toEqual([]);
    expect(await mark(message.id, other)).toEqual({ message: null, userErrors: [{ code: 'NOT_FOUND' }] });
    expect(await unread(other)).toBeNull();
    const entity = 'query ($of: [_Any!]!) { _entities(representations: $of) { ... on Message { text } } }';
    const of = [{ __typename: 'Message', id: message.id }];
    expect((await agents.data('notification', entity, { of }, other))._entities).toEqual([null]);
    expect((await agents.data('notification', entity, { of }, customer))._entities).toEqual([{ text: message.text }]);
  });

  test('tells read messages from unread ones, and since when', async () => {
    await placed();
    await changed('CONFIRMED');
    await consume();
    expect(await unread()).toBe(2);
    const [message] = await inbox();
    const first = await mark(message.id);
    expect(first.message.readAt).toBe(agents.clock.now().toISOString());
    agents.clock.advance(1000);
    expect(await mark(message.id)).toEqual(first);
    expect(await unread()).toBe(1);
    expect(await inbox(customer, { filter: { unread: false } })).toMatchObject([{ id: message.id }]);
    expect(await inbox(customer, { filter: { unread: true } })).toHaveLength(1);
  });

  test('is read page by page, the newest first', async () => {
    for (let n = 0; n < 3; n++) {
      agents.clock.advance(1000);
      await placed({ number: `AG-${n}` });
      await consume();
    }
    const subjects: string[] = [];
    let after: string | null = null;
    do {
      const { nodes, pageInfo }: any = await page({ first: 2, after });
      subjects.push(...nodes.map((node: { subject: string }) => node.subject));
      after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
    } while (after);
    expect(subjects).toEqual(['We have your order AG-2', 'We have your order AG-1', 'We have your order AG-0']);
  });
});

describe('in quiet hours', () => {
  const SCHEDULED = 'nodes { id type scheduledFor delayReason } totalCount';
  const scheduled = async () => (await agents.query('scheduledMessages', { first: 100 }, SCHEDULED, operator)).nodes;
  const begin = (minutes: number): void => {
    quietUntil = new Date(agents.clock.now().getTime() + minutes * 60_000);
  };
  const end = (): void => agents.clock.advance(quietUntil.getTime() - agents.clock.now().getTime());
  const send = () => agents.runJob('notification', 'send-scheduled-messages');
  const unread = async () => {
    const entity = 'query ($of: [_Any!]!) { _entities(representations: $of) { ... on Customer { unreadMessages } } }';
    const of = [{ __typename: 'Customer', id: customerId }];
    return (await agents.data('notification', entity, { of }, customer))._entities[0].unreadMessages;
  };

  test('a message that is not urgent waits: nobody but staff sees it, and nothing is published', async () => {
    begin(60);
    await changed('SHIPPED');
    await consume();
    await send();
    expect([await inbox(), await unread(), await requested()]).toEqual([[], 0, []]);
    const [message] = await scheduled();
    expect(message).toEqual({
      id: expect.any(String),
      type: 'ORDER_SHIPPED',
      scheduledFor: quietUntil.toISOString(),
      delayReason: 'QUIET_HOURS',
    });
    const read = await agents.mutate('markMessageRead', { messageId: message.id }, 'message { id }', customer);
    expect(read.userErrors).toMatchObject([{ code: 'NOT_FOUND' }]);
    const entity = 'query ($of: [_Any!]!) { _entities(representations: $of) { ... on Message { id } } }';
    const of = [{ __typename: 'Message', id: message.id }];
    expect((await agents.data('notification', entity, { of }, customer))._entities).toEqual([null]);
    end();
    await send();
  });

  test('it is sent once they end, once, and keeps the reason', async () => {
    begin(60);
    await changed('SHIPPED');
    await consume();
    end();
    await Promise.all([send(), send()]);
    await send();
    const INBOX_WITH_REASON = 'nodes { type createdAt scheduledFor delayReason }';
    expect((await agents.query('inbox', {}, INBOX_WITH_REASON, customer)).nodes).toEqual([
      {
        type: 'ORDER_SHIPPED',
        createdAt: quietUntil.toISOString(),
        scheduledFor: null,
        delayReason: 'QUIET_HOURS',
      },
    ]);
    expect([await unread(), await scheduled()]).toEqual([1, []]);
    expect(await requested()).toHaveLength(1);
  });

  test('an urgent message is sent at once', async () => {
    begin(60);
    await placed();
    await changed('CANCELLED', { reason: 'PAYMENT_DECLINED' });
    await consume();
    expect((await inbox()).map(({ type }: { type: string }) => type).sort()).toEqual([
      'ORDER_CANCELLED',
      'ORDER_PLACED',
    ]);
    expect(await requested()).toHaveLength(2);
    expect(await scheduled()).toEqual([]);
  });

  test('a log that is replayed, while a message waits and after it was sent, leads to no second one', async () => {
    await consume();
    const cursor = () => agents.kysely.selectFrom('platform.log_cursor').where('consumer', '=', 'notification');
    const before = await cursor().select(['xid', 'position']).executeTakeFirstOrThrow();
    const replay = async () => {
      await agents.kysely
        .updateTable('platform.log_cursor')
        .set(before)
        .where('consumer', '=', 'notification')
        .execute();
      await consume();
    };
    begin(60);
    await changed('DELIVERED');
    await consume();
    await replay();
    expect(await scheduled()).toHaveLength(1);
    end();
    await send();
    begin(60);
    await replay();
    expect(await scheduled()).toEqual([]);
    expect(await inbox()).toHaveLength(1);
    expect(await requested()).toHaveLength(1);
  });

  test('however many wait, all are sent in one run', async () => {
    begin(60);
    for (let n = 0; n < 120; n++) await changed('SHIPPED');
    await consume();
    end();
    await send();
    expect((await page({ first: 100 })).totalCount).toBe(120);
    expect(await requested()).toHaveLength(120);
  });
});
