/** Verbs of inventory on agents under test, and variants to use them on. */
import { expect } from '@jest/globals';
import type { Actor } from '../../platform/identity/actor.ts';
import { newId } from '../../platform/ids.ts';
import { actor, admin, service, type TestAgents } from './agents.ts';

/** A mutation's answer: its own fields and the user errors. */
// biome-ignore lint/suspicious/noExplicitAny: a test knows what it asked for
type Answer = any;
/** Lines to reserve. */
export type Lines = { variantId: string; quantity: number }[];

/** The merchant who owns the variants of these tests. */
export const merchant = actor({ roles: ['MERCHANT'], merchantId: 'merchant_a' });
/** Another merchant. */
export const rival = actor({ roles: ['MERCHANT'], merchantId: 'merchant_b' });

const ERRORS = 'userErrors { __typename code message path ... on InsufficientStock { available variantId } }';
const LEVEL = 'onHand reserved available version location { id } variant { id }';
const RESERVATION = 'id reference status expiresAt lines { variantId locationId quantity }';
const mutation = (type: string, field: string, selection: string): string =>
  `mutation ($input: ${type}!) { it: ${field}(input: $input) { ${selection} ${ERRORS} } }`;

const CREATE_LOCATION = mutation('CreateLocationInput', 'createLocation', 'location { id code kind active version }');
const UPDATE_LOCATION = mutation('UpdateLocationInput', 'updateLocation', 'location { active version }');
const ADJUST = mutation('AdjustStockInput', 'adjustStock', `stockLevel { ${LEVEL} }`);
const TRANSFER = mutation('TransferStockInput', 'transferStock', `from { ${LEVEL} } to { ${LEVEL} }`);
const RESERVE = mutation('ReserveStockInput', 'reserveStock', `reservation { ${RESERVATION} }`);
/** The selection of a saga, which only needs to know whether it was done. */
const RESERVE_BRIEFLY = mutation('ReserveStockInput', 'reserveStock', '');
const RELEASE = mutation('ReleaseReservationInput', 'releaseReservation', 'released');
const AVAILABLE = 'query ($ids: [ID!]!) { availabilityOf(variantIds: $ids) { available } }';
const LEVELS = `query ($id: ID!) { stockLevels(variantId: $id) { ${LEVEL} } }`;
const CREATE_PRODUCT =
  'mutation ($input: CreateProductInput!) { createProduct(input: $input) { product { variants { id } } } }';

/** Opens three locations, which serve in this order, and gives the verbs. Needs the agents product and inventory. */
export async function openStock(agents: TestAgents) {
  const run = async (query: string, input: Record<string, unknown>, as: Actor = admin): Promise<Answer> => {
    const result = await agents.ask('inventory', query, { input }, as);
    expect(result.errors).toBeUndefined();
    return result.data.it;
  };
  const createLocation = (input: Record<string, unknown>, as?: Actor) =>
    run(CREATE_LOCATION, { city: 'Ghent', country: 'BE', ...input }, as);
  const locate = async (code: string, priority: number): Promise<string> =>
    (await createLocation({ code, name: code, priority })).location.id;
  const at = { FIRST: await locate('FIRST', 0), SECOND: await locate('SECOND', 1), THIRD: await locate('THIRD', 2) };

  const adjust = (
    variantId: string,
    delta: number,
    { where = at.FIRST, as = admin, key = newId('key'), reason = 'counted' } = {},
  ) => run(ADJUST, { variantId, locationId: where, delta, reason, idempotencyKey: key }, as);

  let products = 0;
  /** Variants of a new product of {@link merchant}'s, with so many units at the first location. */
  const variants = async (units: readonly number[]): Promise<string[]> => {
    const product = ++products;
    const input = {
      name: `Thing ${product}`,
      variants: units.map((_, n) => ({ sku: `T-${product}-${n}`, name: `${n}` })),
    };
    const { data } = await agents.ask('product', CREATE_PRODUCT, { input }, merchant);
    const ids: string[] = data.createProduct.product.variants.map((variant: { id: string }) => variant.id);
    for (const [n, id] of ids.entries()) if (units[n]) await adjust(id, units[n]);
    return ids;
  };

  return {
    at,
    adjust,
    variants,
    createLocation,
    updateLocation: (input: Record<string, unknown>) => run(UPDATE_LOCATION, input),
    variant: async (units = 0): Promise<string> => (await variants([units]))[0]!,
    transfer: (variantId: string, quantity: number, { from = at.FIRST, to = at.SECOND, as = admin } = {}) =>
      run(TRANSFER, { variantId, fromLocationId: from, toLocationId: to, quantity, idempotencyKey: newId('key') }, as),
    reserve: (
      reference: string,
      lines: Lines,
      options: { key?: string; expiresInSeconds?: number; briefly?: boolean } = {},
    ) => {
      const { key = `${reference}:reserve`, expiresInSeconds, briefly } = options;
      return run(
        briefly ? RESERVE_BRIEFLY : RESERVE,
        { reference, lines, expiresInSeconds, idempotencyKey: key },
        service,
      );
    },
    release: (reference: string, key = `${reference}:release`) =>
      run(RELEASE, { reference, idempotencyKey: key }, service),
    available: async (...ids: string[]): Promise<number[]> => {
      const { data } = await agents.ask('inventory', AVAILABLE, { ids }, service);
      return data.availabilityOf.map((row: { available: number }) => row.available);
    },
    levels: async (variantId: string, as: Actor = admin): Promise<Answer> =>
      (await agents.ask('inventory', LEVELS, { id: variantId }, as)).data.stockLevels,
  };
}

/** The verbs of inventory. */
export type Stock = Awaited<ReturnType<typeof openStock>>;

/** A user error with this code. */
export const userError = (code: string, rest: object = {}) => expect.objectContaining({ code, ...rest });
