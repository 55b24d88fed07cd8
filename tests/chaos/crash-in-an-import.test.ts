/** Every write that an import of products leads to: every-write.ts says what is done to it. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { newId } from '../../platform/ids.ts';
import type { Actor } from '../../platform/identity/actor.ts';
import { actor } from '../support/agents.ts';
import { temporaryData } from '../support/agora-process.ts';
import { installCrashPoints } from '../support/crash-points.ts';
import { importFootprint } from '../support/import-footprint.ts';
import { inventoryViolations } from '../support/inventory-violations.ts';
import { openProcessShop, type ProcessShop } from '../support/process-shop.ts';
import { done, forSale, until } from '../support/shop.ts';
import { dieBeforeEachWrite, ENVIRONMENT, type Trial } from './every-write.ts';

/** A merchant with one import. */
interface Subject {
  /** The merchant's id. */
  who: string;
  as: Actor;
  sku: string;
}

const folder = temporaryData();
let shop: ProcessShop;
let locationId: string;
const tried = new Set<string>();

beforeAll(async () => {
  shop = await openProcessShop({ data: folder.data, args: ['--empty'], env: ENVIRONMENT });
  await forSale(shop);
  ({ id: locationId } = await shop.kysely.selectFrom('inventory.location').select('id').executeTakeFirstOrThrow());
  await installCrashPoints(shop.kysely);
});

afterAll(async () => {
  await shop?.close();
  await folder.remove();
});

const IMPORT = `mutation ($input: ImportProductsInput!) { importProducts(input: $input) { saga { id } userErrors { code message } } }`;

const bring = async ({ sku, as }: Subject, location: string): Promise<string> => {
  const price = { amount: '12.50', currency: 'EUR' };
  const variant = { sku, name: 'One', price, stock: { locationId: location, quantity: 7 } };
  const input = { products: [{ name: sku, variants: [variant] }], idempotencyKey: `key ${sku}` };
  const { importProducts } = await done(shop.ask(IMPORT, { input }, as));
  return importProducts.saga.id;
};

const statusOf = async (saga: string): Promise<string | undefined> => {
  const found = shop.kysely.selectFrom('dbos.workflow_status').select('status').where('workflow_uuid', '=', saga);
  return (await found.executeTakeFirst())?.status;
};

test.each([
  { name: 'an import that succeeds', location: () => locationId },
  { name: 'an import that is undone', location: () => 'location_none' },
])(
  'kill -9 before each write of $name: every effect happens exactly once',
  async ({ location }) => {
    const trial: Trial<Subject> = {
      async prepare() {
        const who = newId('merchant');
        return { who, as: actor({ roles: ['MERCHANT'], merchantId: who }), sku: `CRASH-${who}` };
      },
      act: (subject) => bring(subject, location()),
      ended: (saga) =>
        until(
          () => statusOf(saga),
          (status) => status === 'SUCCESS',
          'the import does not end',
        ),
      footprint: ({ who }) => importFootprint(shop.kysely, who),
    };
    const points = await dieBeforeEachWrite(shop, trial, tried);
    if (process.env.CHAOS_POINTS) process.stdout.write(`${points.join('\n')}\n${points.length} writes\n\n`);
    expect(await inventoryViolations(shop.kysely)).toEqual([]);
  },
  300_000,
);
