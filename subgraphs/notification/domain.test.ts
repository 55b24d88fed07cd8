import { expect, test } from '@jest/globals';
import { isUrgent, noticeOfOrder, noticeOfRefund, noticeOfStatus, write } from './domain.ts';

const about = { number: 'AG-000042' };
const STATUSES = [
  'PENDING',
  'ON_HOLD',
  'CONFIRMED',
  'PROCESSING',
  'PARTIALLY_SHIPPED',
  'SHIPPED',
  'DELIVERED',
  'CANCELLED',
  'RETURNED',
  'REFUNDED',
];

test('a message about a new order has its number and its total', () => {
  const { subject, text } = write(noticeOfOrder({ ...about, totalMinor: '1234500', currency: 'KWD' }));
  expect(subject).toBe('We have your order AG-000042');
  expect(text).toContain('over 1234.500 KWD');
});

test('a status of no interest to the buyer has no message', () => {
  const untold = STATUSES.filter((newStatus) => !noticeOfStatus({ ...about, newStatus }));
  expect(untold).toEqual(['PENDING', 'PROCESSING']);
  expect(noticeOfStatus({ ...about, newStatus: 'PLACED' })).toBeUndefined();
  expect(noticeOfStatus({ ...about, newStatus: 'INVENTED_LATER' })).toBeUndefined();
});

test('a refund has a message with its amount, and no other change of a payment has one', () => {
  const { subject, text } = write(noticeOfRefund({ ...about, refunded: { minor: '6000', currency: 'EUR' } })!);
  expect(subject).toBe('You get money back for your order AG-000042');
  expect(text).toContain('60.00 EUR back to you for your order AG-000042. It');
  const numbered = write(
    noticeOfRefund({ ...about, refunded: { minor: '6000', currency: 'EUR', number: 'RF-2026-000123' } })!,
  );
  expect(numbered.text).toContain('your order AG-000042, under the number RF-2026-000123. It');
  expect(noticeOfRefund({ ...about, refunded: null })).toBeUndefined();
  expect(noticeOfRefund(about)).toBeUndefined();
});

test('what tells of the parcel, of a check or of money that comes back can wait for the morning, the other messages cannot', () => {
  const waiting = STATUSES.flatMap((newStatus) => noticeOfStatus({ ...about, newStatus }) ?? [])
    .map(({ template }) => template)
    .filter((template) => !isUrgent(template));
  expect(waiting).toEqual([
    'ORDER_ON_HOLD',
    'ORDER_PARTIALLY_SHIPPED',
    'ORDER_SHIPPED',
    'ORDER_DELIVERED',
    'ORDER_RETURNED',
    'ORDER_REFUNDED',
  ]);
  expect([isUrgent('ORDER_PLACED'), isUrgent('PAYMENT_REFUNDED')]).toEqual([true, false]);
});

test('no message leaves a parameter unfilled', () => {
  const notices = STATUSES.map((newStatus) => noticeOfStatus({ ...about, newStatus, reason: 'FRAUD' })).filter(
    (notice) => notice !== undefined,
  );
  for (const notice of notices) {
    const { subject, text } = write(notice);
    expect(subject).toContain(about.number);
    expect(subject + text).not.toMatch(/[{}]|undefined|[A-Z]+_[A-Z]+/);
  }
});

test.each([
  ['INSUFFICIENT_STOCK', /not enough left/],
  ['PAYMENT_DECLINED', /payment was declined/],
  ['A_NEW_REASON', /ask us/],
  [null, /ask us/],
])('a message about a cancellation because of %s gives the reason in words', (reason, words) => {
  const { text } = write(noticeOfStatus({ ...about, newStatus: 'CANCELLED', reason })!);
  expect(text).toMatch(words);
  expect(text).not.toContain(String(reason));
});
