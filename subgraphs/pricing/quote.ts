/** Quotes: what goods cost now. Everything that they need comes in or is pricing's own, so that nobody is asked. */
import { GraphQLError } from 'graphql';
import type { Clock } from '../../platform/clock.ts';
import { checkSize } from '../../platform/graphql/arguments.ts';
import { money } from '../../platform/money.ts';
import { asFraction, priceLines, type QuoteRequest, taxRateOn } from './domain.ts';
import { DEFAULT_CHANNEL, effectivePrices, keyOfAsked } from './loaders.ts';
import type { ChannelRow, PricingQueries } from './queries.ts';
import type { Quote, QuoteInput, QuoteProblem } from './resolvers.generated.ts';

const MAX_LINES = 100;
const MAX_QUANTITY = 100_000;
const TAX_CLASSES = ['STANDARD', 'REDUCED', 'ZERO'];
/** Shipping bears the standard rate, whatever is in the parcel. */
const SHIPPING_CLASS = 'STANDARD';

export type QuoteFor = ReturnType<typeof quoteFor>;

export const quoteFor = (queries: PricingQueries, clock: Clock) => async (input: QuoteInput) => {
  checkLines(input);
  const channelId = input.channel ?? DEFAULT_CHANNEL;
  const optionCode = input.shippingOption ?? 'standard';
  const [channel] = await queries.channelsByIds([channelId]);
  const currency = input.currency ?? channel?.defaultCurrency ?? 'EUR';
  const { mode, problems, lines, shipping } = await gather(queries, input, {
    channel,
    currency,
    optionCode,
    now: clock.now(),
  });
  const head = { channel: channelId, currency, shippingOption: optionCode, problems };
  if (problems.length || !shipping) return { ...head, ...nothing(currency) };
  const priced = priceLines({ mode, currency, lines, shipping });
  const shown = priced.lines.map(({ basisPoints, ...line }) => ({ ...line, taxRate: asFraction(basisPoints) }));
  return { ...head, lines: shown, ...priced.sums };
};

/** What is asked, made whole: without a shipping option or with any problem it cannot be priced. */
type Gathered = Pick<QuoteRequest, 'mode' | 'lines'> & {
  problems: QuoteProblem[];
  shipping?: QuoteRequest['shipping'];
};

interface Asked {
  channel: ChannelRow | undefined;
  currency: string;
  optionCode: string;
  now: Date;
}

async function gather(
  queries: PricingQueries,
  input: QuoteInput,
  { channel, currency, optionCode, now }: Asked,
): Promise<Gathered> {
  const refused = (found: QuoteProblem): Gathered => ({ mode: 'NET', lines: [], problems: [found] });
  if (!channel) return refused(problem('CHANNEL_NOT_FOUND', `There is no channel ${input.channel}.`));
  if (!channel.currencies.includes(currency)) {
    return refused(
      problem('CURRENCY_NOT_AVAILABLE', `${channel.name} takes ${channel.currencies.join(', ')}, not ${currency}.`),
    );
  }
  const day = now.toISOString().slice(0, 10);
  const askedOf = (variantId: string) => ({ variantId, currency, channelId: channel.id });
  const [prices, options, rates] = await Promise.all([
    effectivePrices(
      queries,
      input.lines.map(({ variantId }) => askedOf(variantId)),
      now,
    ),
    queries.shippingOptions([channel.id]),
    queries.taxRates(input.country),
  ]);
  const problems: QuoteProblem[] = [];
  const lines = input.lines.flatMap(({ variantId, quantity, taxClass }) => {
    const price = prices.get(keyOfAsked(askedOf(variantId)));
    if (price)
      return [{ variantId, quantity, unitMinor: price.amountMinor, basisPoints: taxRateOn(rates, taxClass, day) }];
    problems.push(problem('PRICE_NOT_AVAILABLE', `This is not sold in ${currency}.`, variantId));
    return [];
  });
  const option = options.find((one) => one.code === optionCode && one.currency === currency);
  if (!option)
    problems.push(problem('SHIPPING_OPTION_NOT_FOUND', `There is no shipping option ${optionCode} in ${currency}.`));
  const shipping = option && {
    netMinor: option.amountMinor,
    freeFrom: option.freeFrom,
    basisPoints: taxRateOn(rates, SHIPPING_CLASS, day),
  };
  return { mode: channel.priceMode, lines, problems, shipping };
}

const problem = (code: string, message: string, variantId?: string): QuoteProblem => ({ code, message, variantId });

/** Callers have checked what a user can get wrong; what comes here all the same is a mistake of theirs. */
function checkLines({ lines }: QuoteInput): void {
  checkSize(lines, MAX_LINES, 'input.lines');
  for (const { quantity, taxClass } of lines) {
    if (quantity < 1 || quantity > MAX_QUANTITY)
      throw badInput(`A quantity is between 1 and ${MAX_QUANTITY}, not ${quantity}.`);
    if (!TAX_CLASSES.includes(taxClass)) throw badInput(`A tax class is one of ${TAX_CLASSES.join(', ')}.`);
  }
}

const badInput = (message: string): GraphQLError =>
  new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } });

const nothing = (currency: string) => {
  const zero = money(0n, currency);
  return { lines: [] as Quote['lines'], subtotal: zero, shipping: zero, tax: zero, total: zero };
};
