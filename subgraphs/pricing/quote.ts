/** Quotes: the present prices of goods. All data comes in or is pricing's own, so that no other agent is asked. */
import { GraphQLError } from 'graphql';
import type { Clock } from '../../platform/clock.ts';
import { checkSize } from '../../platform/graphql/arguments.ts';
import { maxAmount, money, toDecimal } from '../../platform/money.ts';
import { dayIn } from '../../platform/time-zone.ts';
import { asFraction, priceLines, type QuoteRequest } from './domain.ts';
import type { ChannelRow } from './entities.ts';
import { DEFAULT_CHANNEL, effectivePrices, keyOfAsked } from './loaders.ts';
import type { PricingQueries } from './queries.ts';
import type { Quote, QuoteInput, QuoteProblem } from './resolvers.generated.ts';
import { type TaxPlace, taxPlaceOf, taxRateOn } from './tax/domain.ts';
import type { TaxQueries } from './tax/queries.ts';

const MAX_LINES = 100;
const MAX_QUANTITY = 100_000;
const TAX_CLASSES = ['STANDARD', 'REDUCED', 'ZERO'];
/** Shipping bears the standard rate, whatever is in the parcel. */
const SHIPPING_CLASS = 'STANDARD';

export type QuoteFor = ReturnType<typeof quoteFor>;

/** The parts that quotes are made from. */
interface Parts {
  queries: PricingQueries;
  tax: TaxQueries;
  clock: Clock;
}

export const quoteFor =
  ({ queries, tax: { taxTables }, clock }: Parts) =>
  async (input: QuoteInput) => {
    checkLines(input);
    const channelId = input.channel ?? DEFAULT_CHANNEL;
    const optionCode = input.shippingOption ?? 'standard';
    const [channel] = await queries.channelsByIds([channelId]);
    const currency = input.currency ?? channel?.defaultCurrency ?? 'EUR';
    const head = { channel: channelId, currency, shippingOption: optionCode };
    const refused = (problems: QuoteProblem[]) => ({ ...head, problems, ...nothing(currency) });

    const unfit = channelProblem(channel, input, currency);
    if (unfit) return refused([unfit]);
    const gathered = await gather({ queries, taxTables }, input, {
      channel: channel!,
      currency,
      optionCode,
      now: clock.now(),
    });
    if ('problems' in gathered) return refused(gathered.problems);
    const { request, place, day } = gathered;
    const { lines, taxes, sums } = priceLines(request);
    if (sums.total.minor > maxAmount(currency)) return refused([tooLarge(currency)]);
    return {
      ...head,
      problems: [],
      lines: lines.map(({ basisPoints, ...line }) => ({ ...line, taxRate: asFraction(basisPoints) })),
      taxes: taxes.map(({ basisPoints, ...amounts }) => ({
        ...amounts,
        rate: asFraction(basisPoints),
        territory: place.territory,
        day,
        rounding: place.rounding.per,
        reason: place.reason,
      })),
      ...sums,
    };
  };

interface Asked {
  channel: ChannelRow;
  currency: string;
  optionCode: string;
  now: Date;
}

/** The completed request, with the place and day of its tax; or the problems that prevent a quote. */
type Gathered = { request: QuoteRequest; place: TaxPlace; day: string } | { problems: QuoteProblem[] };

async function gather(
  { queries, taxTables }: { queries: PricingQueries } & TaxQueries,
  input: QuoteInput,
  { channel, currency, optionCode, now }: Asked,
): Promise<Gathered> {
  const askedOf = (variantId: string) => ({ variantId, currency, channelId: channel.id });
  const [prices, options, tables] = await Promise.all([
    effectivePrices(
      queries,
      input.lines.map(({ variantId }) => askedOf(variantId)),
      now,
    ),
    queries.shippingOptions([channel.id]),
    taxTables(input.country),
  ]);
  const place = taxPlaceOf(input, tables);
  const day = dayIn(place.timeZone, now);
  const rateOf = (taxClass: string): number =>
    place.isTaxed ? taxRateOn(tables.rates, place.ratesOf, taxClass, day) : 0;
  const problems: QuoteProblem[] = [];
  const lines = input.lines.flatMap(({ variantId, quantity, taxClass }) => {
    const price = prices.get(keyOfAsked(askedOf(variantId)));
    if (price) return [{ variantId, quantity, unitMinor: price.amountMinor, basisPoints: rateOf(taxClass) }];
    problems.push(problem('PRICE_NOT_AVAILABLE', `This is not sold in ${currency}.`, variantId));
    return [];
  });
  const option = options.find((one) => one.code === optionCode && one.currency === currency);
  if (!option)
    problems.push(problem('SHIPPING_OPTION_NOT_FOUND', `There is no shipping option ${optionCode} in ${currency}.`));
  if (!option || problems.length) return { problems };
  const { amountMinor: netMinor, freeFrom } = option;
  const shipping = { netMinor, freeFrom, basisPoints: rateOf(SHIPPING_CLASS) };
  const request = { mode: channel.priceMode, currency, rounding: place.rounding, lines, shipping };
  return { request, place, day };
}

function channelProblem(
  channel: ChannelRow | undefined,
  input: QuoteInput,
  currency: string,
): QuoteProblem | undefined {
  if (!channel) return problem('CHANNEL_NOT_FOUND', `There is no channel ${input.channel ?? DEFAULT_CHANNEL}.`);
  if (channel.currencies.includes(currency)) return undefined;
  return problem('CURRENCY_NOT_AVAILABLE', `${channel.name} takes ${channel.currencies.join(', ')}, not ${currency}.`);
}

const tooLarge = (currency: string): QuoteProblem =>
  problem(
    'AMOUNT_TOO_LARGE',
    `With its tax this comes to more than ${toDecimal(money(maxAmount(currency), currency))} ${currency}, which is the most that can be paid at once: take less.`,
  );

const problem = (code: string, message: string, variantId?: string): QuoteProblem => ({ code, message, variantId });

/** Checks the caller, an agent, which has checked the user's mistakes before: errors here are the agent's. */
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
  return {
    lines: [] as Quote['lines'],
    taxes: [] as Quote['taxes'],
    subtotal: zero,
    shipping: zero,
    tax: zero,
    total: zero,
  };
};
