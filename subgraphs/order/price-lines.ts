/** Prices and availability of lines: asked of product, pricing and inventory, in the request. */
import type { AgentContext } from '../../platform/agent/agent-context.ts';
import { Fault, refuse, Refusal, type UserError } from '../../platform/errors.ts';
import type { RequestContext } from '../../platform/graphql/context.ts';
import { availabilityOf } from './commands/inventory.generated.ts';
import { quote } from './commands/pricing.generated.ts';
import { variantsForSale } from './commands/product.generated.ts';
import { type DemandLine, IN_LINES, missingStock, type Paths, quoted } from './domain.ts';
import type { OrderTax, TaxRounding } from './entities.ts';

/** Lines to be priced, with the destination. */
export interface ToPrice {
  lines: readonly DemandLine[];
  channel?: string | null;
  currency?: string | null;
  /** The destination, which decides the tax. */
  country: string;
  postcode?: string | null;
  region?: string | null;
  shippingOption?: string | null;
  /** The paths of the lines in the input. @default the input's `lines` */
  paths?: Paths;
}

/** A line as it would be sold. Amounts are minor units. */
export interface PricedLine extends DemandLine {
  sku: string;
  title: string;
  merchantId: string;
  unitPrice: bigint;
  subtotal: bigint;
  tax: bigint;
}

/** An order as it would be sold. Amounts are minor units of the currency. */
export interface Priced {
  channel: string;
  currency: string;
  shippingOption: string;
  lines: PricedLine[];
  subtotal: bigint;
  shipping: bigint;
  tax: bigint;
  /** The tax by rates, with reasons. */
  taxes: OrderTax[];
  total: bigint;
}

type Asking = Pick<AgentContext, 'ask'>;

/** Prices the lines. @throws Refusal for unknown variants, missing prices, channels, currencies, ways of shipping */
export async function price({ ask }: Asking, order: ToPrice, within: RequestContext): Promise<Priced> {
  const ids = [...new Set(order.lines.map((line) => line.variantId))];
  const { variantsForSale: found } = await ask(variantsForSale, { ids }, { within });
  const variants = new Map(found.flatMap((variant) => (variant ? [[variant.id, variant]] : [])));
  refuseUnknown(order, variants);

  const lines = order.lines.map(({ variantId, quantity }) => ({
    variantId,
    quantity,
    taxClass: variants.get(variantId)!.taxClass,
  }));
  const { channel, currency, country, postcode, region, shippingOption } = order;
  const { quote: offer } = await ask(
    quote,
    { input: { channel, currency, country, postcode, region, shippingOption, lines } },
    { within },
  );
  if (!offer) throw new Fault('COMMAND_FAILED', 'Pricing gave no quote.');
  if (offer.problems.length) throw new Refusal(offer.problems.map((problem) => asUserError(problem, order)));

  return {
    channel: offer.channel,
    currency: offer.currency,
    shippingOption: offer.shippingOption,
    lines: offer.lines.map((line) => {
      const { sku, title, merchantId } = variants.get(line.variantId)!;
      const { variantId, quantity } = line;
      const [unitPrice, subtotal, tax] = [line.unitPrice, line.subtotal, line.tax].map(({ minor }) =>
        BigInt(minor),
      ) as [bigint, bigint, bigint];
      return { variantId, quantity, sku, title, merchantId, unitPrice, subtotal, tax };
    }),
    subtotal: BigInt(offer.subtotal.minor),
    shipping: BigInt(offer.shipping.minor),
    tax: BigInt(offer.tax.minor),
    taxes: offer.taxes.map(({ rate, taxable, tax, territory, day, rounding, reason }) => ({
      rate,
      taxable: taxable.minor,
      tax: tax.minor,
      territory: territory ?? null,
      day,
      rounding: rounding as TaxRounding,
      reason,
    })),
    total: BigInt(offer.total.minor),
  };
}

/** The refusal of lines that are short now, if any. Units that others take meanwhile are refused by the reservation. */
export async function findMissing(
  { ask }: Asking,
  { lines, paths }: Pick<ToPrice, 'lines' | 'paths'>,
  within: RequestContext,
): Promise<Refusal | undefined> {
  const variantIds = [...new Set(lines.map((line) => line.variantId))];
  const answer = await ask(availabilityOf, { variantIds }, { within });
  const available = new Map(answer.availabilityOf.map((variant) => [variant.variantId, variant.available]));
  return missingStock(lines, available, paths);
}

function refuseUnknown({ lines, paths = IN_LINES }: ToPrice, variants: ReadonlyMap<string, unknown>): void {
  const unknown = lines.flatMap(({ variantId }, index) => (variants.has(variantId) ? [] : [index]));
  if (unknown.length === 0) return;
  const errors = unknown.map((index) => {
    const { variantId, title } = lines[index]!;
    const message = title
      ? `${quoted(title)} is no longer for sale: take it out of the cart.`
      : `There is no variant ${variantId} for sale.`;
    return refuse('VARIANT_NOT_FOUND', message, paths.line(index, 'variantId'));
  });
  throw new Refusal(errors.flatMap((error) => error.userErrors));
}

const pathOf = (code: string, { channel, currency, lines }: Paths): readonly string[] | undefined =>
  ({
    CHANNEL_NOT_FOUND: channel,
    CURRENCY_NOT_AVAILABLE: currency,
    AMOUNT_TOO_LARGE: lines,
    SHIPPING_OPTION_NOT_FOUND: ['input', 'shippingOption'],
  })[code];

function asUserError(
  problem: { code: string; message: string; variantId?: string | null },
  { lines, paths = IN_LINES }: ToPrice,
): UserError {
  const index = lines.findIndex((line) => line.variantId === problem.variantId);
  const path = index >= 0 ? paths.line(index, 'variantId') : pathOf(problem.code, paths);
  const title = lines[index]?.title;
  return { code: problem.code, message: title ? `${quoted(title)}: ${problem.message}` : problem.message, path };
}
