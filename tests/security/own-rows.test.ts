/** Each room says once whose rows its tables' are: what its `access.ts` filters and what PostgreSQL admits agree. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Kysely } from 'kysely';
import type { AgentDefinition } from '../../platform/agent/define-agent.ts';
import { isConfined } from '../../platform/data/confined.ts';
import { isThrough, type OwnTables, ownRows, type RowsFor } from '../../platform/data/own-rows.ts';
import { matches } from '../../platform/data/row-filter.ts';
import { LogNotifier } from '../../platform/events/log-notifier.ts';
import type { ActorClaims } from '../../platform/identity/actor.ts';
import { newId } from '../../platform/ids.ts';
import { createStore } from '../../platform/store/store.ts';
import { loadAgents } from '../../subgraphs/index.ts';
import { actor, openAgents, type TestAgents } from '../support/agents.ts';
import { confinedAgents, insertOwned } from '../support/owned-rows.ts';

/** What a room's `access.ts` has: whose rows its tables' are, and its filters for an actor. */
interface Access {
  agent: AgentDefinition;
  own: OwnTables | undefined;
  filters: Readonly<Record<string, RowsFor>>;
}

const [ada, bob] = [newId('customer'), newId('customer')];
const merchant = newId('merchant');
const orders = { ada: newId('order'), bob: newId('order'), guest: newId('order') };

const claims = <T>(...values: T[]): (T | undefined)[] => [undefined, ...values];
/** Everybody who holds no scope, with each claim that a token may have, and those that none of ours has together. */
const ACTORS = claims(ada, bob, newId('customer'), '', "' or true --")
  .flatMap((customerId) =>
    claims(orders.ada, orders.guest, newId('order'), '', 'no id').flatMap((orderId) =>
      claims(merchant).flatMap((merchantId) =>
        (['CUSTOMER', 'GUEST'] as const).map((role): Partial<ActorClaims> & Pick<ActorClaims, 'roles'> => ({
          roles: [role],
          customerId,
          orderId,
          merchantId,
        })),
      ),
    ),
  )
  .map(actor);

let rooms: Access[];

beforeAll(async () => {
  rooms = await Promise.all((await loadAgents()).map(accessOf));
});

async function accessOf(agent: AgentDefinition): Promise<Access> {
  const path = fileURLToPath(new URL('access.ts', agent.at));
  if (!existsSync(path)) return { agent, own: undefined, filters: {} };
  const { own, ...module } = (await import(path)) as { own?: OwnTables } & Record<string, unknown>;
  return { agent, own, filters: Object.fromEntries(Object.entries(module).filter(isFilter)) as Access['filters'] };
}

/** Of what `access.ts` exports, in alphabetical order, the functions that answer which rows. */
function isFilter([, value]: [string, unknown]): boolean {
  if (typeof value !== 'function' || value.length !== 1) return false;
  try {
    const rows = value(ACTORS[0]);
    return rows === 'ALL' || rows === 'NONE' || Array.isArray(rows);
  } catch {
    return false; // It is a check, and refuses.
  }
}

test('what a room confines is what its access.ts says, and not said again', () => {
  const confined = rooms.filter(({ agent }) => agent.confined);
  expect(confined.map(({ agent }) => agent.name)).toEqual(expect.arrayContaining(['customer', 'order', 'payment']));
  for (const { agent, own } of confined) expect(agent.confined).toBe(own);
});

test("every filter of a room that has such a declaration leaves to those without a scope one table's own rows", () => {
  const found = rooms.flatMap(({ agent, own, filters }) => {
    if (!own) return [];
    const confined = ACTORS.filter((who) => isConfined(who, agent.name));
    const tables = Object.entries(own).flatMap(([table, rows]) => (isThrough(rows) ? [] : [{ table, rows }]));
    return Object.entries(filters).map(([name, filter]) => {
      const of = tables.filter(({ rows }) =>
        confined.every((who) => JSON.stringify(filter(who)) === JSON.stringify(ownRows(rows)(who))),
      );
      return `${agent.name}.${name}: ${of.map(({ table }) => table).join()}`;
    });
  });
  expect(found.filter((line) => line.endsWith(': '))).toEqual([]);
  // The search finds filters: these are as they have been.
  expect(found).toEqual(
    expect.arrayContaining([
      'customer.readableCustomers: customer',
      'identity.readableUsers: account',
      'notification.readableMessages: message',
      'order.readableContacts: orders',
      'order.writableOrders: orders',
      'payment.confirmablePayments: payment',
    ]),
  );
});

describe('of a confined table', () => {
  let agents: TestAgents;

  beforeAll(async () => {
    agents = await openAgents((await confinedAgents()).map(({ name }) => name));
    await insertOwned(agents.kysely, { customerId: ada, merchantId: merchant, orderId: orders.ada });
    await insertOwned(agents.kysely, { customerId: bob, orderId: orders.bob });
    await insertOwned(agents.kysely, { orderId: orders.guest });
  });
  afterAll(() => agents?.close());

  test('PostgreSQL admits to every actor the rows that are filtered for them, and no others', async () => {
    const counts = new Map<string, number>();
    for (const { agent, own = {} } of rooms.filter(({ agent }) => agent.confined)) {
      const kysely = agents.roles?.ground.kyselyFor(agent.name) ?? agents.kysely;
      const onOpen = () => {
        throw new Error(`there is nobody to read ${agent.name} as`);
      };
      const store = createStore<any>({ agent: agent.name, kysely, notifier: new LogNotifier(), confined: own, onOpen });
      const rowsIn = async (reads: Kysely<any>, table: string, columns: readonly string[]) =>
        (await reads
          .selectFrom(table)
          .select([...columns])
          .execute()) as Record<string, string | null>[];
      for (const [table, rows] of Object.entries(own)) {
        const key = isThrough(rows) ? rows.by : 'id';
        const from = isThrough(rows) ? rows.through : table;
        const owners = isThrough(rows) ? own[from]! : rows;
        if (isThrough(owners)) throw new Error(`${table} is through ${from}, which is itself through another`);
        const all = await rowsIn(store.read, from, [...new Set(['id', ...Object.keys(owners)])]);
        for (const who of ACTORS) {
          const filtered = all.filter((row) => matches(row, ownRows(owners)(who))).map(({ id }) => id);
          const admitted = (await rowsIn(store.readAs(who), table, [key])).map((row) => row[key]);
          expect({ table, who: who.claims(), ids: admitted.sort() }).toEqual({
            table,
            who: who.claims(),
            ids: filtered.sort(),
          });
          const at = `${agent.name}.${table}`;
          counts.set(at, (counts.get(at) ?? 0) + admitted.length);
        }
      }
    }
    // No table agrees because nobody sees anything of it.
    for (const [table, seen] of counts) expect({ table, isSeen: seen > 0 }).toEqual({ table, isSeen: true });
    const tables = ['customer.customer', 'customer.address', 'order.orders', 'order.order_contact', 'payment.payment'];
    expect([...counts.keys()]).toEqual(expect.arrayContaining(tables));
  });
});
