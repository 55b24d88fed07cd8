/** The rules of orders. Pure: no I/O, no clock, no randomness. */
import { Refusal, refuse } from '../../platform/errors.ts';
import { type Money, toDecimal } from '../../platform/money.ts';
import type { CancellationReason, OrderStatus, PaymentStatus, TimelineEntryType } from './entities.ts';

/** The state machine of an order: the statuses that may follow each one. */
export const TRANSITIONS: Readonly<Record<OrderStatus, readonly OrderStatus[]>> = {
  PENDING: ['CONFIRMED', 'ON_HOLD', 'CANCELLED'],
  ON_HOLD: ['PENDING', 'CONFIRMED', 'CANCELLED'],
  CONFIRMED: ['PROCESSING', 'CANCELLED'],
  PROCESSING: ['PARTIALLY_SHIPPED', 'SHIPPED', 'CANCELLED'],
  PARTIALLY_SHIPPED: ['SHIPPED'],
  SHIPPED: ['DELIVERED'],
  DELIVERED: ['RETURNED'],
  RETURNED: ['REFUNDED'],
  CANCELLED: [],
  REFUNDED: [],
};

/** The happy path, without holds and cancellations. A request for the current or an earlier status is a replay. */
const WAY: readonly OrderStatus[] = [
  'PENDING',
  'CONFIRMED',
  'PROCESSING',
  'PARTIALLY_SHIPPED',
  'SHIPPED',
  'DELIVERED',
  'RETURNED',
  'REFUNDED',
];

/** The part of an order that the rules need. */
export interface OrderState {
  status: OrderStatus;
  cancellationRequestedAt?: Date | null;
}

/**
 * The status after a step forward, or none if the order is there or further already (a saga may replay its steps).
 * @throws Refusal ORDER_CANCELLED, INVALID_STATE
 */
export function advance(order: OrderState, to: OrderStatus): OrderStatus | undefined {
  if (order.status === 'CANCELLED') throw refuse('ORDER_CANCELLED', 'The order has been cancelled.');
  if (order.cancellationRequestedAt) throw refuse('ORDER_CANCELLED', 'The order is being cancelled.');
  if (order.status === to || (WAY.includes(to) && WAY.indexOf(order.status) > WAY.indexOf(to))) return undefined;
  if (!TRANSITIONS[order.status].includes(to))
    throw refuse('INVALID_STATE', `An order that is ${order.status} cannot become ${to}.`);
  return to;
}

/** The statuses that are still ahead of an order which takes several steps at once. @throws Refusal as {@link advance} */
export function advanceThrough<Status extends OrderStatus>(order: OrderState, path: readonly Status[]): Status[] {
  let { status } = order;
  return path.filter((to) => {
    const isAhead = advance({ ...order, status }, to) !== undefined;
    if (isAhead) status = to;
    return isAhead;
  });
}

/** Whether an order may be cancelled now. @throws Refusal ORDER_CANCELLED, INVALID_STATE */
export function checkCancellable(order: OrderState): void {
  if (order.status === 'CANCELLED')
    throw refuse('ORDER_CANCELLED', 'The order has been cancelled already.', ['input', 'orderId']);
  if (order.cancellationRequestedAt)
    throw refuse('ORDER_CANCELLED', 'The order is being cancelled already.', ['input', 'orderId']);
  if (!TRANSITIONS[order.status].includes('CANCELLED')) {
    throw refuse(
      'INVALID_STATE',
      `An order that is ${order.status} can no longer be cancelled: send it back when it has arrived.`,
      ['input', 'orderId'],
    );
  }
}

/** A line of the demand: a variant and its quantity. */
export interface DemandLine {
  variantId: string;
  quantity: number;
  /** The variant's title when it was put into the cart: a refusal names it, since an input with a cart has no lines. */
  title?: string;
}

/** Paths in the input for refusals. */
export interface Paths {
  line(index: number, field: 'variantId' | 'quantity'): readonly string[];
  lines: readonly string[];
  channel: readonly string[];
  currency: readonly string[];
}

/** The paths of an input with lines. */
export const IN_LINES: Paths = {
  line: (index, field) => ['input', 'lines', String(index), field],
  lines: ['input', 'lines'],
  channel: ['input', 'channel'],
  currency: ['input', 'currency'],
};

/** The paths of an input with a cart, which may override the cart's channel and currency. */
export function inCart({ channel, currency }: { channel?: string | null; currency?: string | null }): Paths {
  const cart = ['input', 'cartId'];
  return {
    line: () => cart,
    lines: cart,
    channel: channel == null ? cart : IN_LINES.channel,
    currency: currency == null ? cart : IN_LINES.currency,
  };
}

export const MAX_LINES = 100;
export const MAX_QUANTITY = 10_000;

/** Checks the lines of an order or cart. @throws Refusal with one INVALID_INPUT for each line that is wrong */
export function checkLines(lines: readonly DemandLine[], path: readonly string[]): void {
  if (lines.length > MAX_LINES) throw refuse('INVALID_INPUT', `At most ${MAX_LINES} lines.`, path);
  lines.forEach(({ quantity }, index) => checkQuantity(quantity, [...path, String(index), 'quantity']));
}

/** @throws Refusal INVALID_INPUT */
export function checkQuantity(quantity: number, path: readonly string[]): void {
  if (quantity < 1 || quantity > MAX_QUANTITY) {
    throw refuse('INVALID_INPUT', `The quantity must be between 1 and ${MAX_QUANTITY}, not ${quantity}.`, path);
  }
}

/** The demand for each variant, the sum of its lines. Stock is checked against this sum only. */
export function demandOf(lines: readonly DemandLine[]): Map<string, number> {
  const demand = new Map<string, number>();
  for (const { variantId, quantity } of lines) demand.set(variantId, (demand.get(variantId) ?? 0) + quantity);
  return demand;
}

/** The refusal that names each variant that is short, or nothing. It is returned, not thrown. */
export function missingStock(
  lines: readonly DemandLine[],
  available: ReadonlyMap<string, number>,
  paths: Paths = IN_LINES,
): Refusal | undefined {
  const errors = [...demandOf(lines)].flatMap(([variantId, wanted]) => {
    const left = Math.max(0, available.get(variantId) ?? 0);
    if (wanted <= left) return [];
    const index = lines.findIndex((line) => line.variantId === variantId);
    const { title } = lines[index]!;
    const message =
      left === 0
        ? `${title ? quoted(title) : 'This'} is sold out.`
        : `Only ${left}${title ? ` of ${quoted(title)}` : ''} left, ${wanted} wanted: order less.`;
    const more = { __typename: 'InsufficientStock', available: left, variantId };
    return refuse('INSUFFICIENT_STOCK', message, paths.line(index, 'quantity'), more).userErrors;
  });
  return errors.length ? new Refusal(errors) : undefined;
}

/** A title in quotation marks, for a sentence. */
export const quoted = (title: string): string => `“${title}”`;

/** A pending order of the buyer that holds units of a variant. */
export interface Holder {
  variantId: string;
  number: string;
  isBeingCancelled: boolean;
}

/** The same refusal, with a hint if the buyer's own order holds the units that are missing. */
export function withHints(missing: Refusal, holders: readonly Holder[]): Refusal {
  const hintOf = (variantId: unknown): string => {
    const holder = holders.find((each) => each.variantId === variantId);
    if (!holder) return '';
    return holder.isBeingCancelled
      ? ` Your order ${holder.number}, which is being cancelled, still keeps some: try again in a moment.`
      : ` Your order ${holder.number} keeps some until it is paid: go on with it, or cancel it and try again.`;
  };
  return new Refusal(
    missing.userErrors.map((error) => ({ ...error, message: error.message + hintOf(error.variantId) })),
  );
}

/** A saga's report of one of its steps. */
export interface StepReport {
  tells: TimelineEntryType;
  /** Whether the step was refused. */
  isRefusal: boolean;
  at: Date;
}

/**
 * The timeline's entries for a saga's reports. Refusals after the request to cancel are left out: the request caused
 * them, and they say nothing about the stock or the buyer's card.
 */
export const tellStory = (
  story: readonly StepReport[],
  calledOffAt?: Date | null,
): { type: TimelineEntryType; at: Date }[] =>
  story
    .filter(({ isRefusal, at }) => !(isRefusal && calledOffAt && at >= calledOffAt))
    .map(({ tells, at }) => ({ type: tells, at }));

/** The message of each entry of a timeline, for people. */
export const MESSAGES: Readonly<Record<TimelineEntryType, string>> = {
  PLACED: 'We have received your order.',
  STOCK_RESERVED: 'Everything is in stock and set aside for you.',
  STOCK_REFUSED: 'Not enough is left in stock.',
  STOCK_RELEASED: 'The goods that were set aside are free again.',
  PAYMENT_ACTION_REQUIRED: 'Please confirm the payment.',
  PAYMENT_AUTHORIZED: 'The payment was approved.',
  PAYMENT_REFUSED: 'The payment was refused.',
  PAYMENT_CAPTURED: 'The payment was received.',
  PAYMENT_VOIDED: 'The payment was let go: nothing was charged.',
  PAYMENT_REFUNDED: 'The payment was refunded.',
  CONFIRMED: 'Your order is confirmed.',
  PROCESSING: 'Your order is being prepared.',
  CANCELLATION_REQUESTED: 'The order is being cancelled.',
  CANCELLED: 'The order was cancelled.',
  PARTIALLY_SHIPPED: 'A part of your order is on its way.',
  SHIPPED: 'Your order is on its way.',
  DELIVERED: 'Your order has arrived.',
  RETURNED: 'Your order came back.',
  REFUNDED: 'The money for what came back was refunded.',
};

/** The message of an entry, with its amount if it has one. */
export const messageOf = (type: TimelineEntryType, amount: Money | null): string =>
  type === 'PAYMENT_REFUNDED' && amount ? `${toDecimal(amount)} ${amount.currency} was refunded.` : MESSAGES[type];

/**
 * The rank of each status in the course of a payment. CAPTURED and VOIDED exclude each other, so neither is news after
 * the other. FAILED or VOIDED may be the guess of a saga about a payment that another saga handled; a capture or a
 * refund is told by evidence, and ranks above them.
 */
const FAR: Readonly<Record<PaymentStatus, number>> = {
  CREATED: 0,
  REQUIRES_ACTION: 1,
  AUTHORIZED: 2,
  FAILED: 3,
  CAPTURED: 4,
  VOIDED: 4,
  PARTIALLY_REFUNDED: 5,
  REFUNDED: 6,
};

/**
 * The payment status of an order after a report: of a saga's step, or of the payment's own event. Reports come in any
 * order, so one rule holds for both: a payment never goes back, and an earlier status is old news.
 */
export const paymentAfter = (now: PaymentStatus, told: PaymentStatus): PaymentStatus =>
  FAR[told] > FAR[now] ? told : now;

/**
 * The payment status after a saga has undone the order, by the report of the saga or else of the payment. If neither
 * knows a payment, no money was taken and none is held.
 */
export function paymentAtEnd(now: PaymentStatus, told: PaymentStatus | null | undefined): PaymentStatus {
  if (told) return paymentAfter(now, told);
  return now === 'CREATED' || now === 'REQUIRES_ACTION' ? 'VOIDED' : now;
}

/** The reason of a cancellation: the one of the request comes before the one that a saga found. */
export const reasonOf = (
  order: { cancellationReason?: CancellationReason | null },
  found: CancellationReason,
): CancellationReason => order.cancellationReason ?? found;
