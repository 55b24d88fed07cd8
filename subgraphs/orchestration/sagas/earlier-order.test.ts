/** Sagas of this release report to an order agent of the previous release. */
import { beforeEach, expect, test } from '@jest/globals';
import { createAsk } from '../../../platform/commands/ask.ts';
import { Fault } from '../../../platform/errors.ts';
import { resolversOf } from '../../../platform/graphql/resolvers.ts';
import { createSubgraph } from '../../../platform/graphql/subgraph.ts';
import { typeDefsOf } from '../../../platform/graphql/type-defs.ts';
import { confirmOrder, type StepReportInput, type TimelineEntryType } from '../commands/order.generated.ts';
import { askOrder } from './earlier-order.ts';

const AT = '2026-05-31T23:59:00.000Z';
/** Order's command in the previous release. */
const typeDefs = typeDefsOf(`
  type Query { hello: String }
  type Mutation { confirmOrder(input: OrderProgressInput!): OrderProgressPayload }
  enum OrderStatus { PENDING CONFIRMED }
  enum PaymentStatus { AUTHORIZED CAPTURED }
  input StepReportInput { step: String! outcome: String! at: DateTime! }
  input OrderProgressInput { orderId: ID! paymentStatus: PaymentStatus! story: [StepReportInput!]! }
  type OrderProgressPayload { status: OrderStatus userErrors: [UserError!]! }
`);

interface Input {
  story: { step: string; outcome: string; at: Date }[];
}

let inputs: Input[];
let answer: () => object;
beforeEach(() => {
  [inputs, answer] = [[], () => ({ status: 'CONFIRMED', userErrors: [] })];
});
const confirm = (_: unknown, { input }: { input: Input }) => {
  inputs.push(input);
  return answer();
};
const order = createSubgraph('order', typeDefs, resolversOf(typeDefs, { Mutation: { confirmOrder: confirm } }));
const ask = createAsk('orchestration', () => order);

const tell = (...story: (TimelineEntryType | readonly [TimelineEntryType, 'refused'])[]) => {
  const reports = story.map((told): StepReportInput => {
    const [tells, refused] = typeof told === 'string' ? [told] : told;
    return { tells, isRefusal: refused !== undefined, at: AT };
  });
  return askOrder(ask, confirmOrder, { orderId: 'order_1', paymentStatus: 'AUTHORIZED', story: reports });
};

test('an earlier order agent gets the reports in its own form, once', async () => {
  const { confirmOrder: payload } = await tell(
    'STOCK_RESERVED',
    ['PAYMENT_REFUSED', 'refused'],
    ['PAYMENT_VOIDED', 'refused'],
    'PAYMENT_VOIDED',
    'PAYMENT_REFUNDED',
    'STOCK_RELEASED',
  );
  expect(payload).toMatchObject({ status: 'CONFIRMED' });
  expect(inputs).toHaveLength(1);
  expect(inputs[0]!.story).toEqual(
    [
      ['reserve', 'DONE'],
      ['authorise', 'REFUSED'],
      ['authorise', 'CANCELLED'],
      ['void', 'DONE'],
      ['refund', 'DONE'],
      ['release', 'DONE'],
    ].map(([step, outcome]) => ({ step, outcome, at: new Date(AT) })),
  );
});

test('an entry that an earlier order agent does not know is a fault, and nothing is reported', async () => {
  await expect(tell('STOCK_RESERVED', 'SHIPPED')).rejects.toMatchObject({ code: 'NOT_UNDERSTOOD' });
  expect(inputs).toEqual([]);
});

test('a command that it refuses or fails at is not sent again', async () => {
  answer = () => {
    throw new Fault('BROKEN', 'It is broken.');
  };
  await expect(tell()).rejects.toThrow('It is broken.');
  expect(inputs).toHaveLength(1);
});
