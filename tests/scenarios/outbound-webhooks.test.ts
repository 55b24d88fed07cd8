/** Outbound webhooks, as the engineers of another system meet them: made, verified, looked at and replayed by the graph. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { newId } from '../../platform/ids.ts';
import { operator } from '../support/agents.ts';
import { openPlatform, type TestPlatform } from '../support/platform.ts';
import { done, forSale, newCustomer, placed, settled } from '../support/shop.ts';
import { until, untilAnswer } from '../support/until.ts';
import { openReceiver, type Receiver } from '../support/webhook-receiver.ts';

let shop: TestPlatform;
let receiver: Receiver;
beforeAll(async () => {
  receiver = await openReceiver();
  shop = await openPlatform();
});
afterAll(async () => {
  await receiver?.close();
  await shop?.close();
});

const CREATE = `mutation ($input: CreateWebhookEndpointInput!) {
  createWebhookEndpoint(input: $input) { endpoint { id status } secret userErrors { code message path } } }`;
const DELIVERIES = `query ($id: ID!) { outboundDeliveries(filter: { endpointId: $id, status: DELIVERED }) {
  nodes { eventType webhookId attempts { statusCode } } } }`;
const REPLAY = `mutation ($input: ReplayWebhooksInput!) {
  replayWebhooks(input: $input) { endpoint { id } userErrors { message } } }`;

test('an order is told to a receiver that verifies with the package of Standard Webhooks, and told again by a replay', async () => {
  const input = { url: receiver.url, eventTypes: ['order.*'], idempotencyKey: newId('key') };
  const { createWebhookEndpoint } = await done(shop.ask(CREATE, { input }, operator));
  const { endpoint, secret } = createWebhookEndpoint;
  const variantId = await forSale(shop, { stock: 10 });
  const { order } = await placed(shop, { lines: [{ variantId, quantity: 1 }] }, newCustomer());
  await settled(shop, order.id, 'PROCESSING');
  const told = () => receiver.accepted.filter(({ event }) => event.subject === order.id);
  await until('the order is told', () => told().some(({ event }) => event.data.newStatus === 'PROCESSING'));

  const webhook = new Webhook(secret);
  const events = told().map(({ body, headers }) => webhook.verify(body, headers as Record<string, string>) as any);
  expect(events[0]).toMatchObject({ type: 'order.placed', source: 'order', data: { orderId: order.id } });
  expect(() =>
    webhook.verify(told()[0]!.body.replace('placed', 'paid'), told()[0]!.headers as Record<string, string>),
  ).toThrow('No matching signature found');
  const versions = events.map(({ aggregateversion }) => aggregateversion);
  expect(versions).toEqual(versions.toSorted((a: number, b: number) => a - b));

  const { outboundDeliveries } = await untilAnswer(
    () => done(shop.ask(DELIVERIES, { id: endpoint.id }, operator)),
    ({ outboundDeliveries: { nodes } }) => nodes.length >= events.length,
    'the deliveries are not noted',
  );
  expect(outboundDeliveries.nodes.at(-1)).toEqual({
    eventType: 'order.placed',
    webhookId: told()[0]!.id,
    attempts: [{ statusCode: 204 }],
  });

  const first = told().map(({ id }) => id);
  receiver.accepted.length = 0;
  const replay = { endpointId: endpoint.id, after: events[0].cursor, idempotencyKey: newId('key') };
  await done(shop.ask(REPLAY, { input: replay }, operator));
  await until('it is told again', () => told().length === first.length - 1);
  expect(told().map(({ id }) => id)).toEqual(first.slice(1));
});
