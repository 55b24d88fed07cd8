import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { defineEvent } from '../../platform/events/define-event.ts';
import { breakingApiChanges } from '../../tools/schema/api-changes.ts';
import { breakingEventChanges } from '../../tools/schema/event-changes.ts';
import { eventOutputs } from '../../tools/schema/event-schemas.ts';

describe('a change of the API', () => {
  const OLD =
    'type Query { product(id: ID): Product old: String @deprecated(reason: "Use product.") } type Product { id: ID! name: String }';

  test.each([
    ['takes a field away', OLD.replace('name: String', ''), 'Product.name'],
    ['makes a field nullable', OLD.replace('id: ID!', 'id: ID'), 'Product.id'],
    ['asks for an argument', OLD.replace('(id: ID)', '(id: ID, channel: ID!)'), 'Query.product'],
  ])('that %s is breaking', async (_, now, path) => {
    expect(await breakingApiChanges(OLD, now)).toEqual([expect.stringContaining(path)]);
  });

  test('that adds a field, or removes a deprecated one, is not', async () => {
    expect(await breakingApiChanges(OLD, OLD.replace('name: String', 'name: String sku: String'))).toEqual([]);
    expect(await breakingApiChanges(OLD, OLD.replace('old: String @deprecated(reason: "Use product.")', ''))).toEqual(
      [],
    );
  });
});

/** An event's published file. */
function published(payload: z.ZodType): string {
  const event = defineEvent('order.placed', { aggregate: 'order', description: 'Placed.', payload });
  const agent = { name: 'order', emits: [event] } as unknown as Parameters<typeof eventOutputs>[0][number];
  return eventOutputs([agent]).find(({ path }) => path === 'schema/events/order.placed.json')!.text!;
}

describe('an event', () => {
  const payload = z.object({
    orderId: z.string(),
    total: z.number(),
    reason: z.string().nullable(),
    status: z.enum(['PENDING', 'CONFIRMED']),
    buyer: z.object({ id: z.string(), guest: z.boolean() }).nullable(),
    lines: z.array(z.object({ sku: z.string(), quantity: z.number().int() })),
  });

  test('is published with its description and its owner, and open to more fields', () => {
    const schema = JSON.parse(published(payload));
    expect(schema).toMatchObject({
      title: 'order.placed',
      description: 'Placed.',
      'x-agent': 'order',
      'x-aggregate': 'order',
      type: 'object',
    });
    expect(JSON.stringify(schema)).not.toContain('"additionalProperties":false');
  });

  test.each([
    ['loses a field', payload.omit({ total: true }), 'order.placed.total: the field is gone'],
    [
      'loses one deep inside',
      payload.extend({ lines: z.array(z.object({ sku: z.string() })) }),
      'order.placed.lines[].quantity: the field is gone',
    ],
    [
      'loses one of what may be null',
      payload.extend({ buyer: z.object({ id: z.string() }).nullable() }),
      'order.placed.buyer.guest: the field is gone',
    ],
    [
      'may leave out what was always there',
      payload.partial({ total: true }),
      'order.placed.total: it was always there and is now optional',
    ],
    ['has another type', payload.extend({ total: z.string() }), 'order.placed.total: it was number and is now string'],
    ['may be null', payload.extend({ orderId: z.string().nullable() }), 'order.placed.orderId: it may now be null'],
  ])('that %s breaks its readers', (_, now, expected) => {
    expect(breakingEventChanges(published(payload), published(now))).toEqual([expect.stringContaining(expected)]);
  });

  test.each([
    ['gains a field', payload.extend({ channel: z.string() })],
    ['gains a value', payload.extend({ status: z.enum(['PENDING', 'CONFIRMED', 'SHIPPED']) })],
    ['is never null any more', payload.extend({ reason: z.string() })],
    ['is a whole number now', payload.extend({ total: z.number().int() })],
    ['stays as it is', payload],
  ])('that %s does not', (_, now) => {
    expect(breakingEventChanges(published(payload), published(now))).toEqual([]);
  });

  test('that is gone breaks its readers', () => {
    expect(breakingEventChanges(published(payload), undefined)).toEqual(['order.placed: the event is gone.']);
  });

  test('whose payload is not JSON is refused, by name', () => {
    expect(() => published(z.object({ at: z.date() }))).toThrow(
      /order\.placed of order: its payload has no JSON Schema/,
    );
  });

  test('has one sender', () => {
    const event = defineEvent('order.placed', { aggregate: 'order', description: 'Placed.', payload });
    const agents = ['order', 'cart'].map((name) => ({ name, emits: [event] })) as unknown as Parameters<
      typeof eventOutputs
    >[0];
    expect(() => eventOutputs(agents)).toThrow(/cart emits order\.placed, which is emitted already/);
  });
});
