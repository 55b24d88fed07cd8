import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Kysely } from 'kysely';
import { FixedClock } from '../../../platform/clock.ts';
import { columnsOf } from '../../../platform/data/entity-table.ts';
import { newId } from '../../../platform/ids.ts';
import { silentLogger } from '../../../platform/log.ts';
import { verifyWebhook } from '../../../platform/webhooks/signature.ts';
import { openAgents, type TestAgents } from '../../../tests/support/agents.ts';
import { Simulator } from './simulator.ts';
import { type SimulatorTables, SimulatorWebhookSchema } from './simulator-entities.ts';
import { SimulatorWebhooks } from './simulator-webhooks.ts';

const SECRETS = [`whsec_${Buffer.alloc(32, 1).toString('base64')}`] as const;
const clock = new FixedClock('2026-06-01T12:00:00Z');
const { signal } = new AbortController();

let agents: TestAgents;
let db: Kysely<SimulatorTables>;
let receiver: Server;
let webhooks: SimulatorWebhooks;
let simulator: Simulator;
/** The receiver's answer, and the webhooks that it got. */
let status: number;
let sent: { headers: IncomingMessage['headers']; body: Buffer }[];
/** The receiver's address; undefined until a test sets it, so that the test sends by hand. */
let url: string | undefined;

beforeAll(async () => {
  agents = await openAgents(['payment']);
  db = agents.kysely.withSchema('payment');
  const take = async (request: IncomingMessage): Promise<void> => {
    sent.push({ headers: request.headers, body: Buffer.concat(await Array.fromAsync(request)) });
  };
  receiver = createServer((request, response) => {
    void take(request).then(() => response.writeHead(status, { location: '/elsewhere' }).end());
  });
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
});
afterAll(async () => {
  receiver?.closeAllConnections();
  receiver?.close();
  await agents?.close();
});
beforeEach(() => {
  [status, sent, url] = [204, [], undefined];
  const options = { db, clock, log: silentLogger, url: () => url, secrets: SECRETS };
  webhooks = new SimulatorWebhooks(options);
  simulator = new Simulator({ db, clock, actionSeconds: 60, slowMs: 1, webhooks });
});
afterEach(async () => {
  await db.deleteFrom('simulator_webhook').execute();
  await db.deleteFrom('simulator_gone').execute();
});

const door = (): string => `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
const authorise = (reference: string, token = 'tok_ok') =>
  simulator.authorise({ reference, token, minor: 100n, currency: 'EUR' }, signal);
const told = () => sent.map(({ body }) => JSON.parse(body.toString()).type);
const left = () => db.selectFrom('simulator_webhook').select(columnsOf(SimulatorWebhookSchema)).execute();

test('each change sends one signed webhook with the payment as it is then; a call that changes nothing sends none', async () => {
  const reference = newId('payment');
  for (let n = 0; n < 2; n++) {
    await authorise(reference);
    await simulator.capture(reference, signal);
    await simulator.refund(reference, { reference: 'refund_1', minor: 40n });
    await simulator.void(reference);
    clock.advance(1000);
  }
  url = door();
  expect(await webhooks.sendDue()).toBe(3);
  expect(told().sort()).toEqual(['payment.authorized', 'payment.captured', 'payment.refunded']);
  for (const { headers, body } of sent) {
    const [id, timestamp, signature] = ['id', 'timestamp', 'signature'].map((name) => headers[`webhook-${name}`]);
    expect(verifyWebhook(SECRETS, { id, timestamp, signature } as never, body, clock.now())).toBe('GENUINE');
  }
  const refunded = sent.map(({ body }) => JSON.parse(body.toString())).find(({ type }) => type === 'payment.refunded');
  expect(refunded.data).toEqual({
    reference,
    status: 'CAPTURED',
    captured: '100',
    currency: 'EUR',
    refund: { reference: 'refund_1', minor: '40' },
  });
  expect(await left()).toEqual([]);
});

test.each([
  ['tok_declined', ['payment.declined']],
  ['tok_3ds', ['payment.action_required', 'payment.expired']],
  ['tok_capture_fails', ['payment.authorized', 'payment.capture_failed']],
])('a payment with %s sends the webhooks %j', async (token, types) => {
  const reference = newId('payment');
  await authorise(reference, token);
  await simulator.capture(reference, signal);
  clock.advance(61_000);
  await simulator.find(reference);
  url = door();
  await webhooks.sendDue();
  expect(told().sort()).toEqual(types);
});

test.each([500, 401, 302])(
  'a webhook that is answered with %s is sent again unchanged, with backoff',
  async (answer) => {
    await authorise(newId('payment'));
    [url, status] = [door(), answer];
    const waits: number[] = [];
    for (let attempt = 1; attempt <= 4; attempt++) {
      expect(await webhooks.sendDue()).toBe(1);
      const [row] = await left();
      expect(row).toMatchObject({ attempts: attempt, error: `HTTP ${answer}` });
      waits.push(row!.nextAt!.getTime() - clock.now().getTime());
      expect(await webhooks.sendDue()).toBe(0);
      clock.advance(waits.at(-1)!);
    }
    expect(waits).toEqual([500, 1000, 2000, 4000]);
    status = 200;
    expect(await webhooks.sendDue()).toBe(1);
    expect(await left()).toEqual([]);
    expect(new Set(sent.map(({ body, headers }) => [headers['webhook-id'], body.toString()].join())).size).toBe(1);
  },
);

test('an address that answered 410 gets no more webhooks', async () => {
  await authorise(newId('payment'));
  [url, status] = [door(), 410];
  await webhooks.sendDue();
  await authorise(newId('payment'));
  clock.advance(3_600_000);
  expect(await webhooks.sendDue()).toBe(0);
  expect(sent).toHaveLength(1);
});

test('a claimed webhook is sent by its sender alone, and by another one after the sender died', async () => {
  await authorise(newId('payment'));
  url = door();
  // The sender claimed the webhook and died.
  await db
    .updateTable('simulator_webhook')
    .set({ attempts: 1, nextAt: new Date(clock.now().getTime() + 6000) })
    .execute();
  expect(await webhooks.sendDue()).toBe(0);
  clock.advance(6000);
  const tried = await Promise.all(Array.from({ length: 4 }, () => webhooks.sendDue()));
  expect(tried.toSorted()).toEqual([0, 0, 0, 1]);
  expect(sent).toHaveLength(1);
});
