/** The books follow the payments, whatever happens to either; and no payment waits for them. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { checkLedger } from '../../../platform/ledger/check.ts';
import { moveBack } from '../../../platform/events/replay.ts';
import { START } from '../../../platform/events/cursor.ts';
import { deterministicId, newId } from '../../../platform/ids.ts';
import { openAgents, operator, service, type TestAgents } from '../../../tests/support/agents.ts';
import { until } from '../../../tests/support/until.ts';
import { insertDemoPayments } from '../demo.ts';
import { PaymentStatus } from '../entities.ts';

const keyed = (input: Record<string, unknown>) => ({ idempotencyKey: newId('key'), ...input });
const BOOKED = `ledgerAccount { creditsPending { minor } creditsPosted { minor } debitsPosted { minor } }
  ledgerTransfers { id kind code amount { minor currency } occurredAt }`;

/** What a test does with payments of the agents that it is given. */
const shopOn = (agents: () => TestAgents) => {
  const authorise = async (token = 'tok_ok', amount = { amount: '12.34', currency: 'EUR' }) => {
    const orderId = newId('order');
    const answer = await agents().mutate(
      'authorisePayment',
      keyed({ orderId, token, amount }),
      'payment { id }',
      service,
    );
    return { orderId, id: answer.payment?.id as string };
  };
  /** Charges an order, and returns its payment, however the charge ends. */
  const charge = async (token: string) => {
    const orderId = newId('order');
    const amount = { amount: '12.34', currency: 'EUR' };
    const charging = agents().mutate('chargePayment', keyed({ orderId, token, amount }), '', service);
    const answer = await charging.catch(({ code }: { code: string }) => ({ userErrors: [{ code }] }));
    const { id } = await agents()
      .kysely.selectFrom('payment.payment')
      .select('id')
      .where('orderId', '=', orderId)
      .executeTakeFirstOrThrow();
    return { orderId, id: id as string, codes: answer.userErrors.map(({ code }: { code: string }) => code) };
  };
  const capture = (orderId: string) => agents().mutate('capturePayment', keyed({ orderId }), '', service);
  const cancel = (orderId: string) =>
    agents().mutate('cancelPayment', keyed({ orderId, reason: 'CUSTOMER_REQUEST' }), 'outcome', service);
  const refund = (paymentId: string, amount?: string) => {
    const part = amount && { amount: { amount, currency: 'EUR' } };
    return agents().mutate('refundPayment', keyed({ paymentId, reason: 'Broken', ...part }), '', operator);
  };
  const booked = (id: string) => agents().query('payment', { id }, BOOKED);
  const hasTransfers = (id: string, count: number) =>
    until(`${id} has ${count} transfers`, async () => (await booked(id)).ledgerTransfers.length === count);
  const differences = async (updatedFrom?: Date) => {
    agents().clock.advance(61_000);
    return agents().query(
      'paymentLedgerDifferences',
      { first: 100, updatedFrom: updatedFrom?.toISOString() },
      'nodes { id payment { id } held { minor } captured { minor } refunded { minor } }',
    );
  };
  const findings = async () => (await checkLedger(agents().kysely, 'payment')).findings;
  return { authorise, charge, capture, cancel, refund, booked, hasTransfers, differences, findings };
};

describe('the books of an agent that runs', () => {
  let agents: TestAgents;
  beforeAll(async () => {
    agents = await openAgents(['payment'], { start: true, config: { PAYMENT_TIMEOUT_MS: '2000' } });
  });
  afterAll(() => agents.close());
  const { authorise, charge, capture, cancel, refund, booked, hasTransfers, differences, findings } = shopOn(
    () => agents,
  );

  test('hold what is authorised, then what is captured, then less what is refunded', async () => {
    const { orderId, id } = await authorise();
    await hasTransfers(id, 1);
    expect(await booked(id)).toMatchObject({
      ledgerAccount: { creditsPending: { minor: '1234' }, creditsPosted: { minor: '0' }, debitsPosted: { minor: '0' } },
    });
    await capture(orderId);
    await hasTransfers(id, 2);
    await refund(id, '2.00');
    await refund(id);
    await hasTransfers(id, 4);
    expect(await booked(id)).toEqual({
      ledgerAccount: {
        creditsPending: { minor: '0' },
        creditsPosted: { minor: '1234' },
        debitsPosted: { minor: '1234' },
      },
      ledgerTransfers: [
        ['PENDING', 'AUTHORISATION', '1234'],
        ['POST_PENDING', 'CAPTURE', '1234'],
        ['POSTED', 'REFUND', '200'],
        ['POSTED', 'REFUND', '1034'],
      ].map(([kind, code, minor]) => ({
        id: expect.any(String),
        kind,
        code,
        amount: { minor, currency: 'EUR' },
        occurredAt: expect.any(String),
      })),
    });
    expect(await findings()).toEqual([]);
  });

  test('release what is voided, and have nothing of what was never held', async () => {
    const held = await authorise();
    await cancel(held.orderId);
    await hasTransfers(held.id, 2);
    expect((await booked(held.id)).ledgerAccount).toEqual({
      creditsPending: { minor: '0' },
      creditsPosted: { minor: '0' },
      debitsPosted: { minor: '0' },
    });
    const waiting = await authorise('tok_3ds');
    await cancel(waiting.orderId);
    const after = await authorise();
    await hasTransfers(after.id, 1);
    expect(await booked(waiting.id)).toEqual({ ledgerAccount: null, ledgerTransfers: [] });
    const { rows } = await parked(agents);
    expect(rows).toEqual([]);
  });

  const HELD = 'PENDING AUTHORISATION';
  const TAKEN = 'POST_PENDING CAPTURE';
  const FREED = 'VOID_PENDING VOID';
  const BACK = 'POSTED REFUND';
  test.each([
    ['tok_ok', [], [HELD, TAKEN], [BACK]],
    ['tok_capture_fails', ['PAYMENT_FAILED'], [HELD], [FREED]],
    ['tok_timeout', ['UNAVAILABLE'], [], [HELD, TAKEN, BACK]],
  ])('follow a charge with %s, and its cancellation', async (token, refused, charged, cancelled) => {
    const { orderId, id, codes } = await charge(token);
    expect(codes).toEqual(refused);
    const isBooked = async (transfers: string[]) => {
      await hasTransfers(id, transfers.length);
      const { ledgerTransfers } = await booked(id);
      expect(ledgerTransfers.map(({ kind, code, amount }: Transfer) => `${kind} ${code} ${amount.minor}`)).toEqual(
        transfers.map((transfer) => `${transfer} 1234`),
      );
      expect(await findings()).toEqual([]);
      expect(await differences()).toEqual({ nodes: [] });
      expect((await parked(agents)).rows).toEqual([]);
    };
    await isBooked(charged);
    expect((await cancel(orderId)).userErrors).toEqual([]);
    await isBooked([...charged, ...cancelled]);
    const refunds = await agents.kysely
      .selectFrom('payment.refund')
      .select(['id', 'number'])
      .where('paymentId', '=', id)
      .execute();
    const { ledgerTransfers } = await booked(id);
    const refundIds = ledgerTransfers.filter(({ code }: Transfer) => code === 'REFUND').map(({ id }: Transfer) => id);
    expect(refunds).toEqual(refundIds.map((id: string) => ({ id, number: expect.stringMatching(/\d/) })));
  });

  test('agree with the payments, and say where they do not and by how much', async () => {
    const { orderId, id } = await authorise();
    await capture(orderId);
    await hasTransfers(id, 2);
    expect(await differences()).toEqual({ nodes: [] });
    await agents.kysely
      .updateTable('payment.payment')
      .set({ capturedMinor: 1200n, refundedMinor: 5n })
      .where('id', '=', id)
      .execute();
    expect(await differences()).toEqual({
      nodes: [{ id, payment: { id }, held: { minor: '0' }, captured: { minor: '34' }, refunded: { minor: '-5' } }],
    });
    const { updatedAt } = await agents.kysely
      .selectFrom('payment.payment')
      .select('updatedAt')
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    expect((await differences(updatedAt)).nodes).toHaveLength(1);
    expect(await differences(new Date(updatedAt.getTime() + 1))).toEqual({ nodes: [] });
    await agents.kysely
      .updateTable('payment.payment')
      .set({ capturedMinor: 1234n, refundedMinor: 0n })
      .where('id', '=', id)
      .execute();
    expect(await differences()).toEqual({ nodes: [] });
  });

  test('are the same after an operator has had all events read again', async () => {
    const before = await checkLedger(agents.kysely, 'payment');
    await agents.kysely.transaction().execute((transaction) => moveBack(transaction, 'payment', START));
    const { id } = await authorise();
    await hasTransfers(id, 1);
    const { transfers, findings } = await checkLedger(agents.kysely, 'payment');
    expect({ transfers, findings }).toEqual({ transfers: before.transfers + 1n, findings: [] });
    expect((await parked(agents)).rows).toEqual([]);
  });

  test('have an account of the provider for each currency, with all that it captured less what it gave back', async () => {
    const { orderId, id } = await authorise('tok_ok', { amount: '500', currency: 'JPY' });
    await capture(orderId);
    await hasTransfers(id, 2);
    const { nodes } = await agents.query(
      'paymentLedgerAccounts',
      { filter: { code: 'PROVIDER_CLEARING', ledger: 'JPY' } },
      'nodes { id ledger debitsPosted { amount currency } creditsPosted { minor } }',
    );
    expect(nodes).toEqual([
      {
        id: 'provider/JPY',
        ledger: 'JPY',
        debitsPosted: { amount: '500', currency: 'JPY' },
        creditsPosted: { minor: '0' },
      },
    ]);
    const transfers = await agents.query(
      'paymentLedgerTransfers',
      { accountId: 'provider/JPY' },
      'nodes { id creditAccount }',
    );
    expect(transfers.nodes).toEqual([
      { id: `${id}/capture`, creditAccount: id },
      { id: `${id}/authorisation`, creditAccount: id },
    ]);
  });
});

interface Transfer {
  id: string;
  kind: string;
  code: string;
  amount: { minor: string };
}

const parked = async ({ kysely }: TestAgents) => ({
  rows: await kysely.selectFrom('platform.parked_event').select(['consumer', 'event']).execute(),
});

/** Refunds a payment by a cent, so many times. */
async function refundedInCents({ kysely, clock }: TestAgents, paymentId: string, times: number): Promise<void> {
  const refund = { paymentId, amountMinor: 1n, reason: 'A cent', status: 'DONE', createdAt: clock.now() };
  const refunds = Array.from({ length: times }, () => ({ ...refund, id: newId('refund') }));
  await kysely.insertInto('payment.refund').values(refunds).execute();
  const refundedMinor = BigInt(times);
  await kysely.updateTable('payment.payment').set({ refundedMinor }).where('id', '=', paymentId).execute();
}

test('a payment writes nothing into the books in its own request', async () => {
  const agents = await openAgents(['payment']);
  try {
    const { authorise, capture, refund, booked } = shopOn(() => agents);
    const { orderId, id } = await authorise();
    await capture(orderId);
    await refund(id);
    expect(await booked(id)).toEqual({ ledgerAccount: null, ledgerTransfers: [] });
  } finally {
    await agents.close();
  }
});

test('payments that were there before their books, and those of the demo, are booked when the agent starts', async () => {
  const agents = await openAgents(['payment']);
  try {
    const { authorise, capture, refund, booked, differences, findings } = shopOn(() => agents);
    const bills = Array.from({ length: 300 }, (_, n) => ({
      orderId: deterministicId('order', n),
      paymentStatus: Object.values(PaymentStatus)[n % 8]!,
      amount: { minor: String(1000 + n), currency: n % 3 ? 'EUR' : 'JPY' },
      placedAt: '2026-01-02T03:04:05.000Z',
    }));
    await insertDemoPayments(agents.kysely.withSchema('payment'), bills);
    const { orderId, id } = await authorise();
    await capture(orderId);
    await refund(id, '2.00');
    const often = await authorise();
    await capture(often.orderId);
    await refundedInCents(agents, often.id, 1100);
    expect((await differences()).nodes).toHaveLength(100);
    await agents.host.start();
    await until('the books are filled', async () => {
      const cursor = await agents.kysely
        .selectFrom('platform.log_cursor')
        .select('status')
        .where('consumer', '=', 'payment')
        .executeTakeFirst();
      return cursor?.status === 'FOLLOWING';
    });
    expect(await differences()).toEqual({ nodes: [] });
    expect(await findings()).toEqual([]);
    expect((await booked(id)).ledgerTransfers).toHaveLength(3);
    expect((await booked(often.id)).ledgerAccount).toMatchObject({ debitsPosted: { minor: '1100' } });
    await refund(id);
    await until('the last refund is booked', async () => (await booked(id)).ledgerTransfers.length === 4);
    expect(await differences()).toEqual({ nodes: [] });
  } finally {
    await agents.host.stop('test over');
    await agents.close();
  }
});
