/** Refunds that need the approval of people, by `PAYMENT_REFUND_APPROVAL`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { approvalViolations } from '../../../platform/approvals/approval-violations.ts';
import { readConfig } from '../../../platform/config/config.ts';
import type { Actor } from '../../../platform/identity/actor.ts';
import type { Role } from '../../../platform/identity/roles.ts';
import { newId } from '../../../platform/ids.ts';
import { actor, admin, openAgents, operator, service, type TestAgents } from '../../../tests/support/agents.ts';
import agent from '../agent.ts';
import { paymentViolations } from '../invariants.ts';
import { refundElectorate } from './electorate.ts';

const POLICY = JSON.stringify([
  { when: 'totalMinor > 500', approvers: 'OPERATOR' },
  { when: 'amountMinor > 1000 && !("ADMIN" in roles)', approvers: 'ADMIN', quorum: 2 },
]);

let agents: TestAgents;
beforeAll(async () => {
  agents = await openAgents(['payment', 'identity'], {
    config: { PAYMENT_REFUND_APPROVAL: POLICY, PAYMENT_APPROVAL_HOURS: '24' },
  });
});
afterAll(() => agents?.close());
afterEach(async () => {
  expect(await paymentViolations(agents.kysely)).toEqual([]);
  expect(await approvalViolations(agents.kysely, 'payment')).toEqual([]);
});

const second = actor({ roles: ['OPERATOR'] });
const [admin2, viewer] = [actor({ roles: ['ADMIN'] }), actor({ roles: ['VIEWER'] })];
const APPROVAL = 'approval { id status requestedBy outcomeId failureCode failure }';
const REFUNDED = `payment { id status refundedAmount { minor } } ${APPROVAL} userErrors { code message }`;
const keyed = (input: Record<string, unknown>) => ({ idempotencyKey: newId('key'), ...input });

/** A captured payment of 12.34 EUR. */
async function paid(): Promise<{ id: string; orderId: string }> {
  const orderId = newId('order');
  const input = keyed({ orderId, token: 'tok_ok', amount: { amount: '12.34', currency: 'EUR' } });
  const { payment } = await agents.mutate('chargePayment', input, 'payment { id } userErrors { code }', service);
  return { id: payment.id, orderId };
}
const refund = (
  paymentId: string,
  amount?: string,
  { by = operator, ...more }: { by?: Actor; idempotencyKey?: string } = {},
) => {
  const input = { paymentId, reason: 'Broken', ...(amount && { amount: { amount, currency: 'EUR' } }), ...more };
  return agents.mutate('refundPayment', keyed(input), REFUNDED, by);
};
const decide = (how: 'approve' | 'reject' | 'withdraw', approvalId: string, by: Actor, more = {}) => {
  const reason = how === 'reject' ? { reason: 'No' } : {};
  const field = `${how}PaymentCommand`;
  return agents.mutate(field, keyed({ approvalId, ...reason, ...more }), `${APPROVAL} userErrors { code }`, by);
};
/** A person with an account, which identity knows. */
async function user(role: Role): Promise<Actor> {
  const person = actor({ roles: [role] });
  const email = `${person.id}@example.com`;
  const now = agents.clock.now();
  const account = { id: person.id, email, emailKey: email, name: 'Ada', roles: [role], createdAt: now, updatedAt: now };
  await agents.kysely.insertInto('identity.account').values(account).execute();
  return person;
}
const delegate = (approvalId: string, delegateId: string) =>
  agents.mutate('delegatePaymentApproval', keyed({ approvalId, delegateId }), 'userErrors { code path }', admin);
const providerRefunds = async (paymentId: string): Promise<number> => {
  const rows = await agents.kysely
    .selectFrom('payment.simulator_entry')
    .select('kind')
    .where('reference', '=', paymentId)
    .where('kind', '=', 'REFUND')
    .execute();
  return rows.length;
};
const refundRows = async (paymentId: string): Promise<number> =>
  (await agents.kysely.selectFrom('payment.refund').select('id').where('paymentId', '=', paymentId).execute()).length;
/** Whether nothing was done about a payment: neither here nor at the provider. */
const untouched = async (paymentId: string): Promise<boolean> =>
  (await providerRefunds(paymentId)) === 0 && (await refundRows(paymentId)) === 0;

describe('a refund', () => {
  test('below every tier is made at once, as without a policy', async () => {
    const { id } = await paid();
    expect(await refund(id, '5.00')).toMatchObject({
      payment: { status: 'PARTIALLY_REFUNDED', refundedAmount: { minor: '500' } },
      approval: null,
      userErrors: [],
    });
  });

  test('that needs approval is requested, told as a user error, and nothing moves', async () => {
    const { id } = await paid();
    const { payment, approval, userErrors } = await refund(id, '6.00');
    expect(payment).toMatchObject({ id, status: 'CAPTURED', refundedAmount: { minor: '0' } });
    expect(approval).toMatchObject({ status: 'PENDING', requestedBy: operator.id, outcomeId: null });
    expect(userErrors).toEqual([{ code: 'APPROVAL_REQUIRED', message: expect.stringContaining(approval.id) }]);
    expect(await untouched(id)).toBe(true);
  });

  test('in small parts needs approval once their sum does', async () => {
    const { id } = await paid();
    expect((await refund(id, '3.00')).userErrors).toEqual([]);
    expect((await refund(id, '3.00')).userErrors).toMatchObject([{ code: 'APPROVAL_REQUIRED' }]);
  });

  test('in parts counts those that wait for approval, and not those that were rejected', async () => {
    const { id } = await paid();
    const { approval } = await refund(id, '5.01');
    expect(await refund(id, '1.00')).toMatchObject({ approval: { status: 'PENDING' } });
    expect(await untouched(id)).toBe(true);
    await decide('reject', approval.id, second);
    expect((await refund(id, '4.00')).userErrors).toEqual([]);
  });

  test('is made once it is approved, and its own command answers so then', async () => {
    const { id } = await paid();
    const idempotencyKey = newId('key');
    const { approval } = await refund(id, '6.00', { idempotencyKey });
    expect((await refund(id, '6.00', { idempotencyKey })).approval.id).toBe(approval.id);
    expect((await refund(id, '7.00', { idempotencyKey })).userErrors).toMatchObject([
      { code: 'IDEMPOTENCY_KEY_REUSED' },
    ]);
    expect(await decide('approve', approval.id, second)).toMatchObject({
      approval: { status: 'EXECUTED', outcomeId: expect.stringMatching(/^refund_/) },
      userErrors: [],
    });
    expect(await providerRefunds(id)).toBe(1);
    expect(await refund(id, '6.00', { idempotencyKey })).toMatchObject({
      payment: { status: 'PARTIALLY_REFUNDED', refundedAmount: { minor: '600' } },
      approval: { status: 'EXECUTED' },
      userErrors: [],
    });
  });

  test('of all that is left is of the amount that was left when it was asked for', async () => {
    const { id } = await paid();
    const { approval } = await refund(id, undefined, { by: admin });
    // It counts together with the one that waits.
    const { approval: small } = await refund(id, '1.00');
    expect((await decide('approve', small.id, second)).approval).toMatchObject({ status: 'EXECUTED' });
    expect(await decide('approve', approval.id, second)).toMatchObject({
      approval: { status: 'FAILED', failureCode: 'REFUND_EXCEEDS_CAPTURED', outcomeId: null },
    });
    expect(await providerRefunds(id)).toBe(1);
  });

  test('that needs two tiers is not made by the first one', async () => {
    const { id } = await paid();
    const { approval } = await refund(id, '11.00');
    const steps: [Actor, object][] = [
      [operator, { approval: null, userErrors: [{ code: 'OWN_REQUEST' }] }],
      [second, { approval: { status: 'PENDING' } }],
      [second, { approval: null, userErrors: [{ code: 'NOT_AN_APPROVER' }] }],
      [admin, { approval: { status: 'PENDING' } }],
      [admin, { approval: null, userErrors: [{ code: 'INVALID_STATE' }] }],
    ];
    for (const [by, answer] of steps) {
      expect(await decide('approve', approval.id, by)).toMatchObject(answer);
      expect(await untouched(id)).toBe(true);
    }
    expect(await decide('approve', approval.id, admin2)).toMatchObject({ approval: { status: 'EXECUTED' } });
    expect(await providerRefunds(id)).toBe(1);
  });

  test('is made once, however many approve it at once', async () => {
    for (let round = 0; round < 5; round++) {
      const { id } = await paid();
      const { approval } = await refund(id, '6.00');
      const people = [second, admin, admin2, second, actor({ roles: ['OPERATOR'] })];
      await Promise.all(people.map((by) => decide('approve', approval.id, by)));
      expect(await providerRefunds(id)).toBe(1);
      expect(await refundRows(id)).toBe(1);
    }
  });

  test('that was made meanwhile has failed, with the reason, and without a call of the provider', async () => {
    const { id } = await paid();
    const [{ approval: a }, { approval: b }] = [await refund(id), await refund(id)];
    const approvers = [second, admin, admin2];
    for (const by of approvers) await decide('approve', a.id, by);
    expect(await providerRefunds(id)).toBe(1);
    for (const by of approvers.slice(0, 2)) await decide('approve', b.id, by);
    expect(await decide('approve', b.id, admin2)).toMatchObject({
      approval: { status: 'FAILED', failureCode: 'INVALID_STATE', failure: 'There is nothing left to refund.' },
    });
    expect([await providerRefunds(id), await refundRows(id)]).toEqual([1, 1]);
  });

  test('that is rejected, withdrawn or decided by nobody in time is not made', async () => {
    const { id } = await paid();
    const ids = [];
    for (let n = 0; n < 3; n++) ids.push((await refund(id, '6.00')).approval.id);
    const [rejected, withdrawn, expired] = ids as [string, string, string];
    expect(await decide('reject', rejected, second)).toMatchObject({ approval: { status: 'REJECTED' } });
    expect(await decide('withdraw', withdrawn, second)).toMatchObject({ userErrors: [{ code: 'NOT_REQUESTER' }] });
    expect(await decide('withdraw', withdrawn, operator)).toMatchObject({ approval: { status: 'CANCELLED' } });
    agents.clock.advance(24 * 3_600_000);
    await agents.runJob('payment', 'expire approvals');
    for (const approvalId of [rejected, withdrawn, expired])
      expect((await decide('approve', approvalId, second)).userErrors).toHaveLength(1);
    await agents.runJob('payment', 'execute approved commands');
    expect(await untouched(id)).toBe(true);
    const paymentApproval = await agents.query('paymentApproval', { id: expired }, 'status', viewer);
    expect(paymentApproval).toEqual({ status: 'EXPIRED' });
  });

  test('is decided by a delegate for the person who handed the vote over', async () => {
    const { id } = await paid();
    const { approval } = await refund(id, '11.00');
    await decide('approve', approval.id, second);
    const deputy = await user('OPERATOR');
    expect(await delegate(approval.id, deputy.id)).toEqual({
      userErrors: [],
    });
    expect(await decide('approve', approval.id, deputy)).toMatchObject({ approval: { status: 'PENDING' } });
    expect(await decide('approve', approval.id, admin)).toMatchObject({ userErrors: [{ code: 'INVALID_STATE' }] });
    expect(await untouched(id)).toBe(true);
    expect(await decide('approve', approval.id, admin2)).toMatchObject({ approval: { status: 'EXECUTED' } });
  });

  test('is delegated to nobody who may not vote on refunds', async () => {
    const { id } = await paid();
    const { approval } = await refund(id, '11.00');
    await decide('approve', approval.id, second);
    const analyst = await user('ANALYST');
    for (const nobody of [analyst.id, newId('user')])
      expect(await delegate(approval.id, nobody)).toEqual({
        userErrors: [{ code: 'NOT_AN_APPROVER', path: ['input', 'delegateId'] }],
      });
    expect((await decide('approve', approval.id, analyst)).userErrors).toEqual([{ code: 'NOT_AN_APPROVER' }]);
  });

  test('is not made twice by the jobs that finish what was left', async () => {
    const { id } = await paid();
    await decide('approve', (await refund(id, '6.00')).approval.id, second);
    agents.clock.advance(3_600_000);
    for (const job of ['execute approved commands', 'finish-refunds']) await agents.runJob('payment', job);
    expect(await providerRefunds(id)).toBe(1);
  });
});

test('staff see what is asked for, why it needs approval, and who has voted', async () => {
  const { id, orderId } = await paid();
  const { approval } = await refund(id, '11.00');
  await decide('approve', approval.id, second, { reason: 'Photo seen' });
  const selection = `totalCount nodes { command input subjectId
    tiers { tier condition approvers quorum selfApproval explanation { text depth value problem }
      votes { voter seat choice reason } delegations { delegate } } }`;
  const filter = { subjectId: id, status: 'PENDING' };
  const paymentApprovals = await agents.query('paymentApprovals', { filter }, selection, viewer);
  expect(paymentApprovals).toEqual({
    totalCount: 1,
    nodes: [
      {
        command: 'refundPayment',
        input: { paymentId: id, orderId, amountMinor: '1100', currency: 'EUR', reason: 'Broken' },
        subjectId: id,
        tiers: [
          {
            tier: 1,
            condition: 'totalMinor > 500',
            approvers: 'OPERATOR',
            quorum: 1,
            selfApproval: false,
            explanation: [
              { text: 'totalMinor > 500', depth: 0, value: 'true', problem: null },
              { text: 'totalMinor', depth: 1, value: '1100', problem: null },
            ],
            votes: [{ voter: second.id, seat: second.id, choice: 'APPROVE', reason: 'Photo seen' }],
            delegations: [],
          },
          expect.objectContaining({ tier: 2, approvers: 'ADMIN', quorum: 2, votes: [] }),
        ],
      },
    ],
  });
  const [requested] = (await agents.events('payment.approval_requested')).filter(
    (event) => event.aggregate_id === approval.id,
  );
  // Ids alone: neither the reason nor anything else that people wrote.
  expect(Object.keys(requested!.payload).sort()).toEqual([
    'approvalId',
    'command',
    'expiresAt',
    'requestedBy',
    'subjectId',
  ]);
});

describe('PAYMENT_REFUND_APPROVAL', () => {
  test.each([
    ['refunds', /it is no JSON/],
    ['[]', /PAYMENT_REFUND_APPROVAL/],
    [
      '[{"when": "amountMinr > 1", "approvers": "ADMIN"}]',
      /tier 1, when: line 1, column 1: There is no fact amountMinr/,
    ],
    ['[{"when": "amountMinor > 1", "approvers": "BOSS"}]', /tier 1, approvers: a role, ADMIN, OPERATOR/],
    // Scopes that no person has.
    ['[{"when": "true", "approvers": "payment:amdin"}]', /tier 1, approvers: a role, ADMIN/],
    ['[{"when": "true", "approvers": "payment:command"}]', /tier 1, approvers: a role, ADMIN/],
    ['[{"when": "amountMinor > 1", "approvers": "ADMIN", "quorum": 0}]', /tier 1, quorum/],
    ['[{"when": "amountMinor > 1", "approvers": "ADMIN", "who": 1}]', /tier 1.*who/],
    ['[{"when": "reason.matches(\\"a\\")", "approvers": "ADMIN"}]', /tier 1, when/],
  ])('%s stops the start, and says what is wrong', (text, message) => {
    expect(() => readConfig({ PAYMENT_REFUND_APPROVAL: text }, [agent])).toThrow(message);
  });
});

test('the electorate has the scopes that voting asks for', () => {
  const sdl = readFileSync(join(import.meta.dirname, 'schema.graphql'), 'utf8');
  const { scopes } = refundElectorate({ ask: () => Promise.reject(new Error('nobody is asked')) });
  for (const mutation of ['approvePaymentCommand', 'rejectPaymentCommand']) {
    const [, given] = new RegExp(`${mutation}\\(.*\\n\\s*@requiresScopes\\(scopes: \\[(\\[.*?\\])\\]\\)`).exec(sdl)!;
    expect(JSON.parse(given!)).toEqual(scopes);
  }
});
