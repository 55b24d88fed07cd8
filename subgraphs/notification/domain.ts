/** The messages to customers, and the events that lead to them. Pure: no I/O, no clock, no randomness. */
import { money, toDecimal } from '../../platform/money.ts';
import type { MessageType, Parameters } from './entities.ts';

/** The text of a message; `{…}` stands for a parameter. */
interface Words {
  subject: string;
  text: string;
}

const TEMPLATES = {
  ORDER_PLACED: {
    subject: 'We have your order {number}',
    text: 'Thank you. Your order {number} over {total} has arrived, and we are getting it ready.',
  },
  ORDER_CONFIRMED: {
    subject: 'Your order {number} is confirmed',
    text: 'All of your order {number} is set aside for you.',
  },
  ORDER_ON_HOLD: {
    subject: 'Your order {number} is being checked',
    text: 'We are taking a closer look at your order {number} and will be back soon.',
  },
  ORDER_PARTIALLY_SHIPPED: {
    subject: 'A part of your order {number} is on its way',
    text: 'The rest of your order {number} follows.',
  },
  ORDER_SHIPPED: { subject: 'Your order {number} is on its way', text: 'Your order {number} has left our warehouse.' },
  ORDER_DELIVERED: {
    subject: 'Your order {number} has arrived',
    text: 'Your order {number} was delivered. We hope that you like it.',
  },
  ORDER_CANCELLED: {
    subject: 'Your order {number} was cancelled',
    text: 'Your order {number} was cancelled: {reason} You will not be charged; what you had paid already comes back to you.',
  },
  ORDER_RETURNED: {
    subject: 'Your return of order {number} is here',
    text: 'We have received what you sent back of order {number}.',
  },
  PAYMENT_REFUNDED: {
    subject: 'You get money back for your order {number}',
    text: 'We have given {amount} back to you for your order {number}{refund}. It can take your bank some days.',
  },
  ORDER_REFUNDED: { subject: 'Your money for order {number} is on its way', text: 'We have refunded order {number}.' },
} as const satisfies Record<MessageType, Words>;

/**
 * Messages that are sent in quiet hours too: answers to what the buyer has just done, and what the buyer may have to act
 * on at once. The others tell of the parcel, of a check of the order, and of money that comes back, which can wait until
 * the morning.
 */
const URGENT: ReadonlySet<MessageType> = new Set(['ORDER_PLACED', 'ORDER_CONFIRMED', 'ORDER_CANCELLED']);

/** Whether a message does not wait for the end of quiet hours. */
export const isUrgent = (template: MessageType): boolean => URGENT.has(template);

/** A message about to be sent. */
export interface Notice {
  template: MessageType;
  parameters: Parameters;
}

/** The reason of a cancellation, for the buyer. */
const REASONS: Readonly<Record<string, string>> = {
  INSUFFICIENT_STOCK: 'others were faster, and there was not enough left.',
  PAYMENT_DECLINED: 'the payment was declined.',
  PAYMENT_FAILED: 'the payment could not be completed.',
  PAYMENT_EXPIRED: 'the payment was not confirmed in time.',
  FRAUD: 'we could not accept it.',
  CUSTOMER_REQUEST: 'you asked for it.',
  MERCHANT_REQUEST: 'the shop could not fulfil it.',
};
const NO_REASON = 'please ask us for the reason.';

/** The notice of a new order. */
export const noticeOfOrder = ({
  number,
  totalMinor,
  currency,
}: {
  number: string;
  totalMinor: string;
  currency: string;
}): Notice => ({
  template: 'ORDER_PLACED',
  parameters: { number, total: amountOf({ minor: totalMinor, currency }) },
});

/** The notice of a refund; nothing of other changes of a payment. */
export const noticeOfRefund = ({
  number,
  refunded,
}: {
  number: string;
  refunded?: { minor: string; currency: string; number?: string } | null;
}): Notice | undefined =>
  refunded
    ? {
        template: 'PAYMENT_REFUNDED',
        parameters: { number, amount: amountOf(refunded), refund: refunded.number ?? '' },
      }
    : undefined;

const amountOf = ({ minor, currency }: { minor: string; currency: string }): string =>
  `${toDecimal(money(BigInt(minor), currency))} ${currency}`;

/** The notice of an order's new status; nothing of statuses without a template. */
export function noticeOfStatus({
  number,
  newStatus,
  reason,
}: {
  number: string;
  newStatus: string;
  reason?: string | null;
}): Notice | undefined {
  const template = `ORDER_${newStatus}`;
  if (!isTemplate(template) || template === 'ORDER_PLACED') return undefined;
  if (template !== 'ORDER_CANCELLED') return { template, parameters: { number } };
  return { template, parameters: { number, reason: reason ?? 'OTHER' } };
}

/** The text of a template, unfilled. */
export const wordsOf = (template: MessageType): Words => TEMPLATES[template];

/** The text of a message as its customer reads it. */
export function write({ template, parameters }: Notice): Words {
  const { subject, text } = wordsOf(template);
  return { subject: fill(subject, parameters), text: fill(text, parameters) };
}

const fill = (words: string, parameters: Parameters): string =>
  words.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = parameters[name] ?? '';
    if (name === 'reason') return REASONS[value] ?? NO_REASON;
    // Refunds of earlier releases have no number.
    if (name === 'refund') return value && `, under the number ${value}`;
    return value;
  });

const isTemplate = (name: string): name is MessageType => Object.hasOwn(TEMPLATES, name);
