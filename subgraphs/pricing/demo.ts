import type { Kysely } from 'kysely';
import type { DemoTools } from '../../platform/agent/demo.ts';
import { deterministicId } from '../../platform/ids.ts';
import { demoPrices } from './demo/price-list.ts';
import type { Tables } from './entities.ts';

/** Rows that one statement inserts, which takes far less time than a transaction may last. */
const CHUNK = 1000;

/** The demo's second channel: it shows prices with tax. */
const RETAIL = {
  id: deterministicId('channel', 1),
  code: 'eu-retail',
  name: 'Shops in Europe',
  currencies: ['EUR'],
  defaultCurrency: 'EUR',
  priceMode: 'GROSS',
  country: 'DE',
  createdAt: new Date('2025-01-01T00:00:00Z'),
} as const;

const SHIPPING = [
  { code: 'standard', name: 'Standard, 3 to 5 days', amountMinor: 412n, freeFrom: 8900n, position: 0 },
  { code: 'express', name: 'Express, next working day', amountMinor: 1084n, freeFrom: null, position: 1 },
];

/** Loads a second channel, and the prices of the demo's variants in both. Loading again changes nothing. */
export const pricingDemo =
  (db: Kysely<Tables>) =>
  async ({ random, report }: DemoTools): Promise<void> => {
    await db
      .insertInto('channel')
      .values({ ...RETAIL, currencies: [...RETAIL.currencies] })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    const shipping = SHIPPING.map((option) => ({ ...option, channelId: RETAIL.id, currency: 'EUR' }));
    await db
      .insertInto('shipping_option')
      .values(shipping)
      .onConflict((conflict) => conflict.doNothing())
      .execute();

    const { createdAt } = RETAIL;
    const rows = demoPrices(random, RETAIL.id).map((price, n) => {
      return { id: deterministicId('price', n), ...price, createdAt, updatedAt: createdAt };
    });
    for (let at = 0; at < rows.length; at += CHUNK) {
      await db
        .insertInto('price')
        .values(rows.slice(at, at + CHUNK))
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    }
    report(`pricing: ${rows.length} prices in two channels`);
  };
