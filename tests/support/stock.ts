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

/** Opens three locations, which serve in this order, and gives the verbs. Needs the agents product and inventory. */
export async function openStock(agents: TestAgents) {
  const createLocation = (input: Record<string, unknown>, as?: Actor): Promise<Answer> => {
    const there = { city: 'Ghent', country: 'BE', ...input };
    return agents.mutate('createLocation', there, `location { id code kind active version } ${ERRORS}`, as);
  };
  const locate = async (code: string, priority: number): Promise<string> =>
    (await createLocation({ code, name: code, priority })).location.id;
  const at = { FIRST: await locate('FIRST', 0), SECOND: await locate('SECOND', 1), THIRD: await locate('THIRD', 2) };

  const adjust = (
    variantId: string,
    delta: number,
    { where = at.FIRST, as = admin, key = newId('key'), reason = 'counted' } = {},
  ): Promise<Answer> => {
    const input = { variantId, locationId: where, delta, reason, idempotencyKey: key };
    return agents.mutate('adjustStock', input, `stockLevel { ${LEVEL} } ${ERRORS}`, as);
  };

  let products = 0;
  /** Variants of a new product of {@link merchant}'s, with so many units at the first location. */
  const variants = async (units: readonly number[]): Promise<string[]> => {
    const product = ++products;
    const input = {
      name: `Thing ${product}`,
      variants: units.map((_, n) => ({ sku: `T-${product}-${n}`, name: `${n}` })),
    };
    const made = await agents.mutate('createProduct', input, 'product { variants { id } }', merchant);
    const ids: string[] = made.product.variants.map((variant: { id: string }) => variant.id);
    for (const [n, id] of ids.entries()) if (units[n]) await adjust(id, units[n]);
    return ids;
  };

  return {
    at,
    adjust,
    variants,
    createLocation,
    updateLocation: (input: Record<string, unknown>): Promise<Answer> =>
      agents.mutate('updateLocation', input, `location { active version } ${ERRORS}`),
    variant: async (units = 0): Promise<string> => (await variants([units]))[0]!,
    transfer: (
      variantId: string,
      quantity: number,
      { from = at.FIRST, to = at.SECOND, as = admin } = {},
    ): Promise<Answer> => {
      const input = { variantId, fromLocationId: from, toLocationId: to, quantity, idempotencyKey: newId('key') };
      return agents.mutate('transferStock', input, `from { ${LEVEL} } to { ${LEVEL} } ${ERRORS}`, as);
    },
    reserve: (
      reference: string,
      lines: Lines,
      options: { key?: string; expiresInSeconds?: number; briefly?: boolean } = {},
    ): Promise<Answer> => {
      const { key = `${reference}:reserve`, expiresInSeconds, briefly } = options;
      const input = { reference, lines, expiresInSeconds, idempotencyKey: key };
      // A saga asks whether it was done, and no more.
      return agents.mutate(
        'reserveStock',
        input,
        briefly ? ERRORS : `reservation { ${RESERVATION} } ${ERRORS}`,
        service,
      );
    },
    release: (reference: string, key = `${reference}:release`): Promise<Answer> =>
      agents.mutate('releaseReservation', { reference, idempotencyKey: key }, `released ${ERRORS}`, service),
    available: async (...variantIds: string[]): Promise<number[]> => {
      const rows = await agents.query('availabilityOf', { variantIds }, 'available', service);
      return rows.map((row: { available: number }) => row.available);
    },
    levels: (variantId: string, as: Actor = admin): Promise<Answer> =>
      agents.query('stockLevels', { variantId }, LEVEL, as),
  };
}

/** The verbs of inventory. */
export type Stock = Awaited<ReturnType<typeof openStock>>;

/** A user error with this code. */
export const userError = (code: string, rest: object = {}) => expect.objectContaining({ code, ...rest });
