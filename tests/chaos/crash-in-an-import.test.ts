/** A crash before every write that an import of products leads to: every-write.ts says how. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { newId } from '../../platform/ids.ts';
import type { Actor } from '../../platform/identity/actor.ts';
import { QUEUES } from '../../platform/sagas/queues.ts';
import { actor } from '../support/agents.ts';
import { temporaryData } from '../support/agora-process.ts';
import { installCrashPoints } from '../support/crash-points.ts';
import { importFootprint } from '../support/import-footprint.ts';
import { inventoryViolations } from '../support/inventory-violations.ts';
import { openProcessShop, type ProcessShop } from '../support/process-shop.ts';
import { done, forSale } from '../support/shop.ts';
import { untilAnswer } from '../support/until.ts';
import { dieBeforeEachWrite, ENVIRONMENT, type Trial } from './every-write.ts';

/** A merchant with one import. */
interface Subject {
  /** The merchant's id. */
  who: string;
  as: Actor;
  sku: string;
  location: string;
}

const folder = temporaryData();
let shop: ProcessShop;
let locationId: string;
const tried = new Set<string>();

beforeAll(async () => {
  shop = await openProcessShop({ data: folder.data, args: ['--empty'], env: ENVIRONMENT });
  await forSale(shop);
  ({ id: locationId } = await shop.kysely.selectFrom('inventory.location').select('id').executeTakeFirstOrThrow());
  await sql.raw(TAKE_THE_PLACE_AWAY).execute(shop.kysely);
  await installCrashPoints(shop.kysely);
});

/**
 * A location that a request finds missing is refused; so that of an import that is to be undone is deleted as the
 * import is accepted.
 */
const TAKE_THE_PLACE_AWAY = `
  create function product.take_the_place_away() returns trigger language plpgsql as $$
  begin
    delete from inventory.location where id = 'location_' || substr(new.merchant_id, 10);
    return null;
  end $$;
  create trigger take_the_place_away after insert on product.import for each row execute function product.take_the_place_away()`;

/** A location that only one merchant's import names. */
const passingPlace = async ({ who }: Pick<Subject, 'who'>): Promise<string> => {
  const id = `location_${who.slice('merchant_'.length)}`;
  const place = {
    id,
    code: id,
    name: 'Passing',
    kind: 'STORE',
    city: 'Lyon',
    country: 'FR',
    priority: 999,
    created_at: new Date(),
  };
  await shop.kysely.insertInto('inventory.location').values(place).execute();
  return id;
};

afterAll(async () => {
  await shop?.close();
  await folder.remove();
});

const IMPORT = `mutation ($input: ImportProductsInput!) { importProducts(input: $input) { saga { id } userErrors { code message } } }`;

const bring = async ({ sku, as, location }: Subject): Promise<string> => {
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
  { name: 'an import that succeeds', locationOf: async () => locationId },
  { name: 'an import that is undone', locationOf: passingPlace },
])('kill -9 before each write of $name: every effect happens exactly once', async ({ locationOf }) => {
  const trial: Trial<Subject> = {
    async prepare() {
      const who = newId('merchant');
      const location = await locationOf({ who });
      return { who, as: actor({ roles: ['MERCHANT'], merchantId: who }), sku: `CRASH-${who}`, location };
    },
    act: bring,
    ended: (saga) =>
      untilAnswer(
        () => statusOf(saga),
        (status) => status === 'SUCCESS',
        'the import does not end',
      ),
    footprint: ({ who }) => importFootprint(shop.kysely, who),
    atOnce: QUEUES.BULK.steps,
  };
  const points = await dieBeforeEachWrite(shop, trial, tried);
  if (process.env.CHAOS_POINTS) process.stdout.write(`${points.join('\n')}\n${points.length} writes\n\n`);
  expect(await inventoryViolations(shop.kysely)).toEqual([]);
});
