import { checkOneOf } from '../../platform/graphql/arguments.ts';
import { payload } from '../../platform/graphql/payload.ts';
import { money } from '../../platform/money.ts';
import { DEFAULT_CHANNEL, keyOfAsked, type PricingLoaders } from './loaders.ts';
import type { PricingQueries } from './queries.ts';
import type { QuoteFor } from './quote.ts';
import type { Resolvers } from './resolvers.generated.ts';
import type { PricingService } from './service.ts';

/** The parts that the resolvers call. */
interface Parts {
  queries: PricingQueries;
  load: PricingLoaders;
  service: PricingService;
  quote: QuoteFor;
}

export const pricingResolvers = ({ queries, load, service, quote }: Parts): Resolvers => ({
  Query: {
    channel: async (_, { id, code }, context) => {
      checkOneOf({ id, code });
      return id != null ? load.channel(context).load(id) : ((await queries.channelByCode(code!)) ?? null);
    },
    channels: () => queries.channels(),
    prices: async (_, { variantId }, context) =>
      (await service.maySeePrices(variantId, context)) ? queries.pricesOf(variantId) : [],
    quote: (_, { input }) => quote(input),
  },

  Mutation: {
    setPrice: (_, { input }, context) =>
      payload(async () => ({ price: await load.price(context).load(await service.setPrice(input, context)) })),
    removePrice: (_, { input }, context) =>
      payload(async () => ({ removedId: await service.removePrice(input, context) })),
  },

  Channel: {
    __resolveReference: ({ id }, context) => load.channel(context).load(id),
    shippingOptions: async (channel, { currency }, context) => {
      const options = await load.shippingOptions(context).load(channel.id);
      return options.filter((option) => option.currency === (currency ?? channel.defaultCurrency));
    },
  },

  ShippingOption: {
    price: (option) => money(option.amountMinor, option.currency),
    freeFrom: (option) => (option.freeFrom === null ? null : money(option.freeFrom, option.currency)),
  },

  ProductVariant: {
    __resolveReference: ({ id }) => ({ id }),
    price: async ({ id }, { currency, channel }, context) => {
      const key = keyOfAsked({ variantId: id, currency: currency ?? null, channelId: channel ?? DEFAULT_CHANNEL });
      const found = await load.effectivePrice(context).load(key);
      return found && money(found.price.amountMinor, found.price.currency);
    },
  },

  Price: {
    variant: (price) => ({ id: price.variantId }),
    channel: (price, _, context) => (price.channelId ? load.channel(context).load(price.channelId) : null),
    amount: (price) => money(price.amountMinor, price.currency),
  },
});
