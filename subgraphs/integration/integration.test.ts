import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Actor } from '../../platform/identity/actor.ts';
import { newId } from '../../platform/ids.ts';
import { actor, openAgents, operator, type TestAgents, viewer } from '../../tests/support/agents.ts';
import { until } from '../../tests/support/until.ts';
import { openReceiver, type Receiver } from '../../tests/support/webhook-receiver.ts';

let agents: TestAgents;
let receiver: Receiver;
beforeAll(async () => {
  receiver = await openReceiver();
  agents = await openAgents(['integration', 'product'], { start: true });
});
afterAll(async () => {
  await receiver?.close();
  await agents?.close();
});

const merchant = (merchantId = newId('merchant')) => actor({ roles: ['MERCHANT'], merchantId });
const ENDPOINT = 'endpoint { id merchantId url description eventTypes status disabledReason version isReplaying }';
const once = () => ({ idempotencyKey: newId('key') });
const create = (input: object, as: Actor) =>
  agents.mutate(
    'createWebhookEndpoint',
    { url: receiver.url, description: '', eventTypes: ['product.*'], ...once(), ...input },
    `${ENDPOINT} secret`,
    as,
  );
const createProduct = async (as: Actor): Promise<string> => {
  const input = { name: 'Chair', variants: [{ sku: newId('sku'), name: 'One' }] };
  return (await agents.mutate('createProduct', input, 'product { id }', as)).product.id;
};
const about = (productId: string) => receiver.accepted.filter(({ event }) => event.subject === productId);

describe('an endpoint of a merchant', () => {
  test('receives what happens to its own products, and nobody else’s', async () => {
    const [mine, theirs] = [merchant(), merchant()];
    const { endpoint, secret, userErrors } = await create({ description: 'our stock' }, mine);
    expect(userErrors).toEqual([]);
    expect(secret).toMatch(/^whsec_/);
    expect(endpoint).toMatchObject({
      merchantId: mine.merchantId,
      url: receiver.url,
      description: 'our stock',
      eventTypes: ['product.*'],
      status: 'ENABLED',
      version: 1,
    });
    const other = await createProduct(theirs);
    const own = await createProduct(mine);
    await until('it is told', () => about(own).length > 0);
    expect(about(own)[0]!.event).toMatchObject({ type: 'product.created', data: { merchantId: mine.merchantId } });
    expect(about(other)).toEqual([]);

    const filter = { endpointId: endpoint.id, status: 'DELIVERED' };
    const DELIVERIES = 'nodes { id status eventType aggregateId body endpoint { id } attempts { number statusCode } }';
    await until('its end is noted', async () => {
      const { nodes } = await agents.query('outboundDeliveries', { filter }, DELIVERIES, mine);
      return nodes.length === 1;
    });
    const { nodes } = await agents.query('outboundDeliveries', { filter }, DELIVERIES, mine);
    expect(nodes).toMatchObject([
      { eventType: 'product.created', aggregateId: own, body: about(own)[0]!.body, endpoint: { id: endpoint.id } },
    ]);
    expect(nodes[0].attempts).toEqual([{ number: 1, statusCode: 204 }]);
    expect((await agents.query('outboundDeliveries', { filter }, DELIVERIES, theirs)).nodes).toEqual([]);
  });

  test('is seen and changed by its merchant and by staff, and by no other merchant', async () => {
    const [mine, theirs] = [merchant(), merchant()];
    const { id } = (await create({}, mine)).endpoint;
    expect(await agents.query('webhookEndpoint', { id }, 'id', theirs)).toBe(null);
    expect((await agents.query('webhookEndpoints', {}, 'nodes { id }', theirs)).nodes).toEqual([]);
    expect((await agents.query('webhookEndpoints', {}, 'nodes { id } totalCount', mine)).nodes).toEqual([{ id }]);
    expect(await agents.query('webhookEndpoint', { id }, 'id', viewer)).toEqual({ id });
    for (const mutation of ['disableWebhookEndpoint', 'enableWebhookEndpoint', 'deleteWebhookEndpoint'])
      expect((await agents.mutate(mutation, { id }, '', theirs)).userErrors).toMatchObject([{ code: 'NOT_FOUND' }]);
    for (const mutation of ['sendTestWebhook', 'rotateWebhookSecret'])
      expect((await agents.mutate(mutation, { endpointId: id, ...once() }, '', theirs)).userErrors).toMatchObject([
        { code: 'NOT_FOUND' },
      ]);
    expect((await agents.mutate('disableWebhookEndpoint', { id }, ENDPOINT, operator)).endpoint).toMatchObject({
      status: 'DISABLED',
      disabledReason: 'BY_USER',
      version: 2,
    });
    expect(await agents.mutate('deleteWebhookEndpoint', { id }, 'deletedId', mine)).toMatchObject({ deletedId: id });
    expect(await agents.query('webhookEndpoint', { id }, 'id', mine)).toBe(null);
  });

  test('cannot be made for another merchant, nor by one who works for none; staff make it for a merchant or the house', async () => {
    const { merchantId } = merchant();
    for (const [input, as] of [
      [{ merchantId }, merchant()],
      [{}, actor({ roles: ['MERCHANT'] })],
    ] as const)
      expect((await create(input, as)).userErrors).toMatchObject([
        { code: 'INVALID_INPUT', path: ['input', 'merchantId'] },
      ]);
    expect((await create({ merchantId }, operator)).endpoint).toMatchObject({ merchantId });
    const { endpoint: ofHouse } = await create({}, operator);
    expect(ofHouse).toMatchObject({ merchantId: null });
    expect(await agents.query('webhookEndpoint', { id: ofHouse.id }, 'id', merchant(merchantId))).toBe(null);
  });
});

test('all that is wrong with a new endpoint is told at once', async () => {
  const { endpoint, secret, userErrors } = await create(
    { url: 'https://10.0.0.1/hook', eventTypes: ['order.sold'] },
    operator,
  );
  expect([endpoint, secret]).toEqual([null, null]);
  expect(userErrors.map(({ path }: { path: string[] }) => path.at(-1))).toEqual(['url', 'eventTypes']);
});

test('the event types on offer are those of all agents', async () => {
  const types = await agents.query('webhookEventTypes', {}, 'type isForMerchants', viewer);
  expect(types).toContainEqual({ type: 'product.created', isForMerchants: true });
  expect(types).toContainEqual({ type: 'agent.started', isForMerchants: false });
  expect(types).toContainEqual({ type: 'integration.endpoint_disabled', isForMerchants: true });
});
