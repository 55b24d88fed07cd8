/** Sagas of the previous release report by the names of their steps. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { service } from '../../tests/support/agents.ts';
import { reportsOf } from './earlier-sagas.ts';
import { type Orders, openOrders } from './order.testing.ts';
import type { StepReportInput } from './resolvers.generated.ts';

const at = (seconds: number) => new Date(seconds * 1000);
const report = ([step, outcome]: readonly [step: string, outcome: string], n = 0): StepReportInput => ({
  step,
  outcome,
  isRefusal: false,
  at: at(n),
});
const entries = (story: StepReportInput[], paymentStatus?: 'REQUIRES_ACTION') =>
  reportsOf(story, paymentStatus).map(({ tells }) => tells);

describe('a step of the previous release', () => {
  const STORY = [
    ['reserve', 'DONE'],
    ['authorise', 'DONE'],
    ['confirm', 'DONE'],
    ['capture', 'REFUSED'],
    ['authorise', 'UNDONE'],
    ['reserve', 'UNDONE'],
  ] as const;

  test('becomes an entry of the timeline in its order, unless it means nothing to a buyer', () => {
    expect(reportsOf(STORY.map((step, n) => report(step, n)))).toEqual([
      { tells: 'STOCK_RESERVED', isRefusal: false, at: at(0) },
      { tells: 'PAYMENT_AUTHORIZED', isRefusal: false, at: at(1) },
      { tells: 'PAYMENT_REFUSED', isRefusal: true, at: at(3) },
      { tells: 'PAYMENT_VOIDED', isRefusal: false, at: at(4) },
      { tells: 'STOCK_RELEASED', isRefusal: false, at: at(5) },
    ]);
  });

  test.each([
    [['settle', 'DONE'], ['PAYMENT_AUTHORIZED']],
    [['settle', 'REFUSED'], ['PAYMENT_REFUSED']],
    [['settle', 'CANCELLED'], ['PAYMENT_VOIDED']],
  ] as const)('reports a payment that waits for its buyer as approved only after %s', (last, told) => {
    const announced = [['reserve', 'DONE'] as const, ['authorise', 'DONE'] as const].map((step) => report(step));
    expect(entries(announced, 'REQUIRES_ACTION')).toEqual(['STOCK_RESERVED']);
    const story = [...announced, report(['announce action', 'DONE'])];
    expect(entries(story)).toEqual(['STOCK_RESERVED']);
    expect(entries([...story, report(last)])).toEqual(['STOCK_RESERVED', ...told]);
  });

  test('gives way to `tells` if a report has both', () => {
    const both = { ...report(['reserve', 'DONE']), tells: 'STOCK_REFUSED', isRefusal: true } as const;
    expect(reportsOf([both])).toEqual([{ tells: 'STOCK_REFUSED', isRefusal: true, at: at(0) }]);
  });
});

describe('while two releases run side by side', () => {
  let it: Orders;
  beforeAll(async () => {
    it = await openOrders();
  });
  afterAll(() => it.agents.close());

  const tell = (orderId: string, story: object[]) =>
    it.agents.mutate('confirmOrder', { orderId, paymentStatus: 'AUTHORIZED', story }, 'status', service);
  const timeline = async (id: string): Promise<string[]> =>
    (await it.read(id)).timeline.map(({ type }: { type: string }) => type);

  test('sagas of both write the same timeline, and a saga may continue in the other release', async () => {
    const now = it.agents.clock.now().toISOString();
    const [older, newer] = [await it.placed(), await it.placed()];
    const names = ['reserve', 'authorise'].map((step) => ({ step, outcome: 'DONE', at: now }));
    const words = ['STOCK_RESERVED', 'PAYMENT_AUTHORIZED'].map((tells) => ({ tells, at: now }));
    await tell(older, names);
    await tell(newer, words);
    for (const id of [older, newer]) {
      await it.process(id, ['STOCK_RESERVED', 'PAYMENT_AUTHORIZED', 'PAYMENT_CAPTURED']);
      expect(await timeline(id)).toEqual([
        'PLACED',
        'STOCK_RESERVED',
        'PAYMENT_AUTHORIZED',
        'CONFIRMED',
        'PAYMENT_CAPTURED',
        'PROCESSING',
      ]);
    }
  });

  test('a report with an unknown type of entry is refused whole, and nothing is written', async () => {
    const id = await it.placed();
    const at = it.agents.clock.now().toISOString();
    await expect(tell(id, [{ tells: 'STOCK_RESERVD', at }])).rejects.toThrow('does not exist in "TimelineEntryType"');
    expect(await it.read(id)).toMatchObject({ status: 'PENDING', version: 1 });
  });
});
