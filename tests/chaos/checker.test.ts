/** The checker finds each kind of violation: each test plants one, and rolls it back. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Kysely, sql } from 'kysely';
import { openPlatform, type TestPlatform } from '../support/platform.ts';
import { forSale } from '../support/shop.ts';
import { buyer } from './buyers.ts';
import { violationsOf } from './checker.ts';
import { type Entry, History, readHistory } from './history.ts';
import { settle } from './settle.ts';

const folder = mkdtempSync(join(tmpdir(), 'agora-history-'));
const history = new History(join(folder, 'history.jsonl'));
let shop: TestPlatform;
/** Ids of the order that succeeded, and of the one whose capture failed. */
let [paid, undone]: string[] = [];

beforeAll(async () => {
  shop = await openPlatform();
  const variantId = await forSale(shop, { stock: 10 });
  const wish = (token: string) => buyer(shop, history, { token, variantId, quantity: 2 }).insist();
  [paid, undone] = (await Promise.all(['tok_ok', 'tok_capture_fails', 'tok_declined'].map(wish))) as string[];
  expect((await settle(shop.kysely, history.entries)).violations).toEqual([]);
});

afterAll(async () => {
  await shop?.close();
  rmSync(folder, { recursive: true });
});

/** The violations that the checker finds in the database as it would be after these statements. */
async function after(statements: string, entries: readonly Entry[] = history.entries): Promise<string[]> {
  const text = statements.replaceAll('$paid', paid!).replaceAll('$undone', undone!);
  let found: string[] = [];
  const rolledBack = new Error('seen enough');
  const plant = async (transaction: Kysely<any>): Promise<never> => {
    await sql.raw(text).execute(transaction);
    found = await violationsOf(transaction, entries);
    throw rolledBack;
  };
  await expect(shop.kysely.transaction().execute(plant)).rejects.toBe(rolledBack);
  return found;
}

const PAID_PAYMENT = `(select id from payment.payment where order_id = '$paid')`;
const UNDONE_PAYMENT = `(select id from payment.payment where order_id = '$undone')`;
const RESERVATION = `(select id from inventory.reservation where reference = '$paid')`;

const PLANTED: readonly { what: string; rule: string; statements: string }[] = [
  {
    what: 'an accepted order that is gone',
    rule: 'lost',
    statements: `alter table "order".order_line drop constraint order_line_order_id_fkey;
      alter table "order".order_contact drop constraint order_contact_order_id_fkey; alter table "order".cart drop constraint cart_order_id_fkey;
      alter table "order".timeline_entry drop constraint timeline_entry_order_id_fkey; delete from "order".orders where id = '$paid'`,
  },
  {
    what: 'a payment of which the books say otherwise',
    rule: 'books',
    statements: `update payment.payment set refunded_minor = 1 where id = ${PAID_PAYMENT}`,
  },
  {
    what: 'books whose debits are not their credits',
    rule: 'books',
    statements: `alter table payment.ledger_account disable trigger user;
      update payment.ledger_account set debits_posted = debits_posted + 1 where code = 'PROVIDER_CLEARING'`,
  },
  {
    what: 'an accepted order without its saga',
    rule: 'lost',
    statements: `delete from dbos.workflow_status where workflow_uuid = 'placeOrder:$paid'`,
  },
  {
    what: 'an order that stands still',
    rule: 'not ended',
    statements: `update "order".orders set status = 'CONFIRMED' where id = '$paid'`,
  },
  {
    what: 'an order that became something else',
    rule: 'not ended',
    statements: `update "order".orders set status = 'CANCELLED' where id = '$paid'`,
  },
  {
    what: 'a second order under one key',
    rule: 'duplicate',
    statements: `insert into "order".orders select (jsonb_populate_record(o, '{"id": "order_twice", "number": "AG-twice"}')).* from "order".orders o where id = '$paid'`,
  },
  {
    what: 'a key that is kept for another order',
    rule: 'duplicate',
    statements: `update "order".idempotency set outcome = '{"orderId": "order_other"}' where outcome ->> 'orderId' = '$paid'`,
  },
  {
    what: 'an order of another quantity',
    rule: 'altered',
    statements: `update "order".order_line set quantity = 3 where order_id = '$paid'`,
  },
  {
    what: 'a sold order whose stock was given back',
    rule: 'reservation',
    statements: `update inventory.reservation set status = 'RELEASED', closed_at = now() where id = ${RESERVATION}`,
  },
  {
    what: 'a cancelled order that holds stock',
    rule: 'reservation',
    statements: `update inventory.reservation set status = 'ACTIVE', closed_at = null where reference = '$undone'`,
  },
  {
    what: 'more promised than there is',
    rule: 'stock',
    statements: `alter table inventory.stock_level drop constraint no_more_reserved_than_on_hand;
      update inventory.stock_level set reserved = 11; update inventory.reservation_line set quantity = 11 where reservation_id = ${RESERVATION}`,
  },
  {
    what: 'a level that is not the sum of its movements',
    rule: 'stock',
    statements: 'update inventory.stock_level set on_hand = on_hand + 1',
  },
  {
    what: 'a payment that was captured twice',
    rule: 'charge',
    statements: `insert into payment.simulator_entry select reference, kind, 'again', amount_minor, at
      from payment.simulator_entry where kind = 'CAPTURE' and reference = ${PAID_PAYMENT}`,
  },
  {
    what: 'a payment that nobody let go',
    rule: 'charge',
    statements: `delete from payment.simulator_entry where kind = 'VOID' and reference = ${UNDONE_PAYMENT}`,
  },
  {
    what: 'another sum than that of the order',
    rule: 'charge',
    statements: `update payment.simulator_entry set amount_minor = amount_minor - 1 where kind = 'CAPTURE' and reference = ${PAID_PAYMENT}`,
  },
  {
    what: 'a provider who says otherwise',
    rule: 'payment',
    statements: `update payment.simulator_payment set status = 'VOIDED' where reference = ${PAID_PAYMENT}`,
  },
  {
    what: 'a payment under way',
    rule: 'payment',
    statements: `update payment.payment set pending = 'CANCEL' where id = ${PAID_PAYMENT}`,
  },
  {
    what: 'a saga that has not ended',
    rule: 'saga',
    statements: `update dbos.workflow_status set status = 'PENDING' where workflow_uuid = 'placeOrder:$paid'`,
  },
  {
    what: 'an event that is missing',
    rule: 'event log',
    statements: `delete from platform.event_log where aggregate_id = '$paid' and aggregate_version = 2`,
  },
  {
    what: 'the last event missing',
    rule: 'event log',
    statements: `update "order".orders set version = version + 1 where id = '$paid'`,
  },
  {
    what: 'an event that is logged twice',
    rule: 'event log',
    statements: `insert into platform.event_log overriding system value select (jsonb_populate_record(e, jsonb_build_object('position', nextval(pg_get_serial_sequence('platform.event_log', 'position'))))).*
      from platform.event_log e where aggregate_id = '$paid' and aggregate_version = 1`,
  },
  {
    what: 'an event that a consumer could not handle',
    rule: 'event log',
    statements: `insert into platform.parked_event (consumer, aggregate_key, xid, position, event, state) values ('notification', 'x', '1', 1, '{}', 'DEAD')`,
  },
  {
    what: 'a message that was never sent',
    rule: 'message',
    statements: `delete from notification.message where order_id = '$undone' and template = (select template from notification.message where order_id = '$undone' order by created_at, id limit 1)`,
  },
  {
    what: 'a message that was sent twice',
    rule: 'message',
    statements: `insert into notification.message select (jsonb_populate_record(m, jsonb_build_object('id', 'message_twice', 'event_id', gen_random_uuid()))).*
      from notification.message m where order_id = '$paid' limit 1`,
  },
];

test.each(PLANTED)('finds $what', async ({ rule, statements }) => {
  const found = await after(statements);
  expect(found).toEqual(expect.arrayContaining([expect.stringMatching(new RegExp(`^${rule}: `))]));
});

test('finds an order that was accepted and never made', async () => {
  const [first] = history.entries.filter(({ kind }) => kind === 'accepted');
  const lie: Entry = { kind: 'accepted', key: first!.key, orderId: 'order_never' };
  const found = await after('select 1', [...history.entries, lie]);
  expect(found).toEqual(
    expect.arrayContaining([
      `answers: ${first!.key} was answered with ${paidOf(first!)} and with order_never`,
      'lost: order_never was accepted and is not there',
    ]),
  );
});

test('reads the history that the clients wrote', () => {
  expect(readHistory(join(folder, 'history.jsonl'))).toEqual(JSON.parse(JSON.stringify(history.entries)));
});

const paidOf = (entry: Entry): string => (entry.kind === 'accepted' ? entry.orderId : '');
