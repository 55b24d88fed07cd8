/**
 * The use cases of prices: ask for the variant's merchant, then lock, load, decide, save and publish in a transaction.
 */
import type { AgentContext } from '../../platform/agent/agent-context.ts';
import { countOf } from '../../platform/data/count.ts';
import { columnsOf } from '../../platform/data/entity-table.ts';
import { matches } from '../../platform/data/row-filter.ts';
import type { Work } from '../../platform/store/store.ts';
import { Refusal, refuse } from '../../platform/errors.ts';
import type { RequestContext } from '../../platform/graphql/context.ts';
import { checkVersion } from '../../platform/graphql/refusals.ts';
import { newId } from '../../platform/ids.ts';
import { readablePrices, writablePrices } from './access.ts';
import { variantOwner } from './commands/product.generated.ts';
import { currenciesTaken, currencyProblem } from './currencies.ts';
import { checkValidity, effectivePrice, priceOf } from './domain.ts';
import { type PriceRow, PriceSchema, type Tables } from './entities.ts';
import { priceChanged } from './events.ts';
import { MAX_PRICES } from './queries.ts';
import type { RemovePriceInput, SetPriceInput } from './resolvers.generated.ts';

/** A change of a price, for its event. */
interface Change {
  price: Pick<PriceRow, 'id' | 'variantId' | 'channelId' | 'currency' | 'version'>;
  productId: string;
  from: bigint | null;
  to: bigint | null;
  at: Date;
  reason: string | null;
}

export const pricingService = ({ store, clock, ask }: AgentContext<Tables>) => {
  /**
   * The variant's product, if the caller may set its prices; it may be a draft.
   * @throws Refusal `otherwise`, the same for an unknown variant: the caller must not learn that another's exists
   */
  const productOf = async (variantId: string, context: RequestContext, otherwise: Refusal): Promise<string> => {
    const { productVariant } = await ask(variantOwner, { id: variantId }, { within: context });
    const product = productVariant?.product;
    if (!product || !matches(product, writablePrices(context.actor))) throw otherwise;
    return product.id;
  };

  const publish = (work: Work<Tables>, { price, productId, from, to, at, reason }: Change): void => {
    const { id: priceId, variantId, channelId: channel, currency, version } = price;
    const amount = (minor: bigint | null) => (minor === null ? null : { minor: minor.toString(), currency });
    const effectiveDate = at.toISOString();
    const payload = {
      priceId,
      variantId,
      productId,
      channel,
      currency,
      oldPrice: amount(from),
      newPrice: amount(to),
      effectiveDate,
      reason,
    };
    work.publish(priceChanged, { aggregateId: priceId, aggregateVersion: version, payload });
  };

  return {
    /** Whether the caller may see all prices of a variant, not only the effective one. */
    async maySeePrices(variantId: string, context: RequestContext): Promise<boolean> {
      const rows = readablePrices(context.actor);
      if (rows === 'ALL' || rows === 'NONE') return rows === 'ALL';
      const { productVariant } = await ask(variantOwner, { id: variantId }, { within: context });
      return productVariant !== null && matches(productVariant.product, rows);
    },

    async setPrice(input: SetPriceInput, context: RequestContext): Promise<string> {
      const amountMinor = priceOf(input.amount, input.currency);
      const noVariant = 'There is no such thing, or its price is not yours to set.';
      const productId = await productOf(
        input.variantId,
        context,
        refuse('NOT_FOUND', noVariant, ['input', 'variantId']),
      );
      return store.write({ locks: [input.variantId], origin: context }, async (work) => {
        const now = clock.now();
        await checkCurrency(work, input);
        const scope = { variantId: input.variantId, currency: input.currency, channelId: input.channel ?? null };
        const prices = await pricesIn(work, scope);
        const { validFrom, validUntil, reason } = input;
        const earlier = validFrom
          ? prices.find((one) => +one.validFrom === +validFrom)
          : effectivePrice(prices, scope.channelId, now);
        const wanted = {
          amountMinor,
          validFrom: validFrom ?? earlier?.validFrom ?? now,
          validUntil: validUntil === undefined ? (earlier?.validUntil ?? null) : validUntil,
          reason: reason ?? null,
        };
        if (earlier && isSame(earlier, wanted)) return earlier.id;
        checkVersion(earlier?.version ?? 0, input.expectedVersion);
        checkValidity(wanted, now);
        const at = wanted.validFrom > now ? wanted.validFrom : now;
        const from = (earlier ?? effectivePrice(prices, scope.channelId, at))?.amountMinor ?? null;
        const price = earlier
          ? await work.save(PriceSchema, earlier, { ...wanted, updatedAt: now })
          : await addPrice(work, { ...scope, ...wanted }, now);
        publish(work, { price, productId, from, to: amountMinor, at, reason: wanted.reason });
        return price.id;
      });
    },

    async removePrice(input: RemovePriceInput, context: RequestContext): Promise<string> {
      const noPrice = refuse('NOT_FOUND', 'There is no such price, or it is not yours.', ['input', 'id']);
      const seen = await store.read
        .selectFrom('price')
        .select('variantId')
        .where('id', '=', input.id)
        .executeTakeFirst();
      if (!seen) throw noPrice;
      const productId = await productOf(seen.variantId, context, noPrice);
      return store.write({ locks: [seen.variantId], origin: context }, async (work) => {
        const price = await work.findIfAny(PriceSchema, input.id);
        if (!price) throw noPrice;
        checkVersion(price.version, input.expectedVersion);
        const others = (await pricesIn(work, price)).filter(({ id }) => id !== price.id);
        const now = clock.now();
        const at = price.validFrom > now ? price.validFrom : now;
        const to = effectivePrice(others, price.channelId, at)?.amountMinor ?? null;
        await work.sql.deleteFrom('price').where('id', '=', price.id).execute();
        publish(work, {
          price: { ...price, version: price.version + 1 },
          productId,
          from: price.amountMinor,
          to,
          at,
          reason: input.reason ?? null,
        });
        return price.id;
      });
    },
  };
};

type Wanted = Pick<PriceRow, 'amountMinor' | 'validFrom' | 'validUntil' | 'reason'>;

const isSame = (price: Wanted, wanted: Wanted): boolean =>
  price.amountMinor === wanted.amountMinor &&
  (price.validUntil?.getTime() ?? null) === (wanted.validUntil?.getTime() ?? null) &&
  (wanted.reason === null || price.reason === wanted.reason);

type Scope = Pick<PriceRow, 'variantId' | 'currency' | 'channelId'>;

/** The prices of a variant in one currency, for one channel, or for all channels if none is given. */
const pricesIn = ({ sql }: Work<Tables>, { variantId, currency, channelId }: Scope): Promise<PriceRow[]> =>
  sql
    .selectFrom('price')
    .select(columnsOf(PriceSchema))
    .where('variantId', '=', variantId)
    .where('currency', '=', currency)
    .where('channelId', 'is not distinct from', channelId)
    .execute();

/** @throws Refusal INVALID_STATE if there are too many already */
async function addPrice(work: Work<Tables>, values: Wanted & Scope, now: Date) {
  const count = await countOf(work.sql.selectFrom('price').where('variantId', '=', values.variantId));
  if (count >= MAX_PRICES)
    throw refuse('INVALID_STATE', `A variant has at most ${MAX_PRICES} prices: remove some first.`, [
      'input',
      'variantId',
    ]);
  const price = { id: newId('price'), ...values, version: 1, createdAt: now, updatedAt: now };
  await work.insert(PriceSchema, price);
  return price;
}

/** @throws Refusal NOT_FOUND, CURRENCY_NOT_AVAILABLE */
async function checkCurrency(
  { sql }: Work<Tables>,
  { channel, currency }: Pick<SetPriceInput, 'channel' | 'currency'>,
): Promise<void> {
  const taken = await currenciesTaken(sql, channel);
  if (!taken) throw refuse('NOT_FOUND', 'There is no such channel.', ['input', 'channel']);
  const problem = currencyProblem(taken, currency, channel);
  if (problem) throw new Refusal([{ ...problem, path: ['input', 'currency'] }]);
}

export type PricingService = ReturnType<typeof pricingService>;
