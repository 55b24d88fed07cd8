import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { defineEvent } from '../events/define-event.ts';
import { checkEventTypes, entriesFor, offeredTypes, wants } from './event-types.ts';

const event = (type: string, payload: z.ZodType = z.object({})) =>
  defineEvent(type, { aggregate: 'a', description: type, payload });
const offered = offeredTypes([
  event('shop.opened', z.object({ merchantId: z.string() })),
  event('order.placed'),
  event('order.status_changed'),
  event('order.placed'),
]);

test('types are offered once each, in order, and to merchants those that say whose they are', () => {
  expect(offered.map(({ type, isForMerchants }) => [type, isForMerchants])).toEqual([
    ['order.placed', false],
    ['order.status_changed', false],
    ['shop.opened', true],
  ]);
});

test('a list is kept sorted and without repetitions', () => {
  expect(checkEventTypes(['shop.*', 'order.placed', 'shop.*'], offered, { isMerchants: false })).toEqual([
    'order.placed',
    'shop.*',
  ]);
});

test.each([
  [[], false, 'Ask for 1 to 50'],
  [Array.from({ length: 51 }, (_, n) => `order.n${n}`), false, 'Ask for 1 to 50'],
  [['order.sold'], false, 'There is no event type `order.sold`'],
  [['order'], false, 'There is no event type `order`'],
  [['ord*'], false, 'There is no event type `ord*`'],
  [['order.placed'], true, 'do not say which merchant'],
  [['order.*'], true, 'do not say which merchant'],
])('%j is refused to merchants: %s', (types, isMerchants, message) => {
  expect(() => checkEventTypes(types, offered, { isMerchants })).toThrow(message);
});

test('all of it is for the house, and for a merchant only what is its own', () => {
  const mine = { merchantId: 'm1' };
  expect(wants({ merchantId: 'm1', eventTypes: ['*'] }, { type: 'shop.opened', payload: mine })).toBe(true);
  expect(wants({ merchantId: 'm2', eventTypes: ['*'] }, { type: 'shop.opened', payload: mine })).toBe(false);
  expect(wants({ merchantId: null, eventTypes: ['*'] }, { type: 'order.placed', payload: {} })).toBe(true);
  for (const payload of [{}, null, { merchantId: null }])
    expect(wants({ merchantId: 'm1', eventTypes: ['*'] }, { type: 'order.placed', payload })).toBe(false);
});

test('an endpoint wants an event if and only if one of its entries stands for the type', () => {
  const name = fc.constantFrom('order', 'orders', 'shop', 'order_item');
  const type = fc.tuple(name, fc.constantFrom('placed', 'opened')).map((parts) => parts.join('.'));
  const entry = fc.oneof(
    type,
    name.map((one) => `${one}.*`),
    fc.constant('*'),
  );
  fc.assert(
    fc.property(type, fc.array(entry), (given, eventTypes) => {
      const [first] = given.split('.');
      const expected = eventTypes.some((one) => one === '*' || one === given || one === `${first}.*`);
      expect(wants({ merchantId: null, eventTypes }, { type: given, payload: {} })).toBe(expected);
      expect(entriesFor(given).some((one) => eventTypes.includes(one))).toBe(expected);
    }),
  );
});
