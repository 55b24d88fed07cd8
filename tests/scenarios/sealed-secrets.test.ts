/** A payment token is for payment and its provider: on its way there it is stored nowhere in plain text. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { pino } from 'pino';
import { openPlatform, type TestPlatform } from '../support/platform.ts';
import { forSale, newCustomer, placed, sagaEnds } from '../support/shop.ts';

const logged: string[] = [];
let shop: TestPlatform;
beforeAll(async () => {
  const log = pino({ level: 'trace' }, { write: (line: string) => void logged.push(line) });
  shop = await openPlatform({ log, config: { PAYMENT_TIMEOUT_MS: '2000' } });
});
afterAll(() => shop.close());

/** The tables in which any of these words stands, in any column. */
async function tablesWith(words: readonly string[]): Promise<string[]> {
  const { rows: tables } = await sql<{ name: string }>`
    select format('%I.%I', schemaname, relname) as name from pg_stat_user_tables order by 1`.execute(shop.kysely);
  const found: string[] = [];
  for (const { name } of tables) {
    const { rows } = await sql<{ found: boolean }>`
      select exists (select 1 from ${sql.raw(name)} as t where t::text like any(${words.map((word) => `%${word}%`)}::text[])) as found`.execute(
      shop.kysely,
    );
    if (rows[0]!.found) found.push(name);
  }
  return found;
}

test('the token of an order that is paid, declined or in doubt is stored with the provider only, and in no log', async () => {
  const variantId = await forSale(shop, { stock: 10 });
  const ends = {
    tok_ok: 'COMPLETED',
    tok_timeout: 'COMPLETED',
    tok_declined: 'COMPENSATED',
    tok_zebra_7: 'COMPENSATED',
  };
  for (const [token, end] of Object.entries(ends)) {
    const { order } = await placed(shop, { lines: [{ variantId, quantity: 1 }], token }, newCustomer());
    await sagaEnds(shop, order.id, end);
  }
  const tokens = Object.keys(ends).map((token) => token.replaceAll('_', '\\_'));
  expect(await tablesWith(tokens)).toEqual(['payment.simulator_payment']);
  expect(logged.length).toBeGreaterThan(0);
  expect(Object.keys(ends).filter((token) => logged.join('').includes(token))).toEqual([]);
  // Sealed, it is in the saga's input.
  expect(await tablesWith(['paymentToken%v1.'])).toEqual([expect.stringMatching(/^dbos\./)]);
});
