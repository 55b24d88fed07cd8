/** Votes on commands that need approval: by whom, in which tier, for whom, until when. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openSmallAgent, type SmallAgent } from '../../tests/support/small-agent.ts';
import { FixedClock } from '../clock.ts';
import { Actor } from '../identity/actor.ts';
import type { Role } from '../identity/roles.ts';
import { newId } from '../ids.ts';
import { silentLogger } from '../log.ts';
import { createApprovals } from './approvals.ts';
import {
  as,
  ONE,
  peopleOf,
  refused,
  smallApprovals,
  type SmallApprovals,
  smallEvents,
  TWO_TIERS,
  writeNote,
} from './small-approvals.testing.ts';

const clock = new FixedClock('2026-06-01T12:00:00Z');
let small: SmallAgent;
let approvals: SmallApprovals;
beforeAll(async () => {
  small = await openSmallAgent();
  approvals = smallApprovals(small.store, clock);
});
afterAll(() => small?.database.drop());
beforeEach(async () => {
  await small.empty();
  await small.database.pool.query('truncate small.approval cascade');
});

const { asked, given, approve, reject, withdraw, delegate, one, notes, eventTypes, tiersOf } = peopleOf(() => ({
  small,
  approvals,
}));

describe('tiers', () => {
  test('approve in their order, and the first one’s approval executes nothing', async () => {
    const id = await asked(TWO_TIERS);
    expect(await approve(id, 'OPERATOR_1')).toMatchObject({ status: 'PENDING', decidedAt: null });
    expect(await notes()).toEqual([]);
    expect(await refused(approve(id, 'OPERATOR_2'))).toBe('NOT_AN_APPROVER');
    expect(await approve(id, 'ADMIN_1')).toMatchObject({ status: 'PENDING' });
    expect(await refused(approve(id, 'ADMIN_1'))).toBe('INVALID_STATE');
    expect(await notes()).toEqual([]);
    expect(await approve(id, 'ADMIN_2')).toMatchObject({ status: 'EXECUTED' });
    expect(await notes()).toHaveLength(1);
  });

  test('that are not due have no say', async () => {
    const id = await asked(TWO_TIERS, { amountMinor: 11_000n });
    expect(await approve(id, 'OPERATOR_1')).toMatchObject({ status: 'EXECUTED' });
  });

  test('of a role are for those above it too, and of a scope for those who have it', async () => {
    expect(await approve(await asked(ONE), 'ADMIN_1')).toMatchObject({ status: 'EXECUTED' });
    expect(await refused(approve(await asked(ONE), 'ANALYST_1'))).toBe('NOT_AN_APPROVER');
    const scoped = '[{"when": "true", "approvers": "small:admin"}]';
    expect(await refused(approve(await asked(scoped), 'OPERATOR_1'))).toBe('NOT_AN_APPROVER');
    expect(await approve(await asked(scoped), 'ADMIN_1')).toMatchObject({ status: 'EXECUTED' });
  });
});

describe('nobody', () => {
  test('approves, rejects or hands over their own request, unless the tier allows it', async () => {
    const id = await asked(ONE, { by: 'ADMIN_1' });
    expect(await refused(approve(id, 'ADMIN_1'))).toBe('OWN_REQUEST');
    expect(await refused(reject(id, 'ADMIN_1'))).toBe('OWN_REQUEST');
    expect(await refused(delegate(id, 'ADMIN_1', 'OPERATOR_1'))).toBe('OWN_REQUEST');
    expect(await refused(delegate(id, 'OPERATOR_1', 'ADMIN_1'))).toBe('OWN_REQUEST');
    expect(await notes()).toEqual([]);
    const own = '[{"when": "true", "approvers": "ADMIN", "selfApproval": true}]';
    expect(await approve(await asked(own, { by: 'ADMIN_1' }), 'ADMIN_1')).toMatchObject({ status: 'EXECUTED' });
  });

  test('votes by a machine', async () => {
    const id = await asked('[{"when": "true", "approvers": "small:write"}]');
    for (const claims of [
      { id: 'user_1', roles: [], scopes: ['small:write'], apiKeyId: 'key_1' },
      { id: 'agent:order', roles: ['SERVICE' as const] },
    ]) {
      const context = { actor: new Actor(claims), correlationId: 'test' };
      expect(await refused(approvals.approve(given(id), context))).toBe('NOT_AN_APPROVER');
    }
  });
});

describe('a vote', () => {
  test('that was handed over is given by the delegate, for a person of the tier', async () => {
    const id = await asked('[{"when": "true", "approvers": "ADMIN", "quorum": 2}]');
    expect(await refused(approve(id, 'ANALYST_1'))).toBe('NOT_AN_APPROVER');
    await delegate(id, 'ADMIN_1', 'ANALYST_1');
    expect(await approve(id, 'ANALYST_1')).toMatchObject({ status: 'PENDING' });
    // One person and one seat have voted, and neither votes again.
    expect(await refused(approve(id, 'ANALYST_1'))).toBe('INVALID_STATE');
    expect(await refused(approve(id, 'ADMIN_1'))).toBe('INVALID_STATE');
    expect(await approve(id, 'ADMIN_2')).toMatchObject({ status: 'EXECUTED' });
    const [tier] = await tiersOf(id);
    const { votes, delegations } = (approvals.resolvers as any).ApprovalTier;
    expect(await votes(tier, {}, as('VIEWER_9'))).toMatchObject([
      { voter: 'ADMIN_2', seat: 'ADMIN_2' },
      { voter: 'ANALYST_1', seat: 'ADMIN_1', choice: 'APPROVE', reason: 'Seen' },
    ]);
    expect(await delegations(tier, {}, as('VIEWER_9'))).toMatchObject([
      { delegator: 'ADMIN_1', delegate: 'ANALYST_1' },
    ]);
  });

  test('of one person never counts twice, own and handed over', async () => {
    const id = await asked('[{"when": "true", "approvers": "ADMIN", "quorum": 2}]');
    await delegate(id, 'ADMIN_1', 'ADMIN_2');
    expect(await approve(id, 'ADMIN_2')).toMatchObject({ status: 'PENDING' });
    expect(await refused(approve(id, 'ADMIN_2'))).toBe('INVALID_STATE');
    // The delegate has voted for themselves, so the vote that was handed over comes back.
    expect(await approve(id, 'ADMIN_1')).toMatchObject({ status: 'EXECUTED' });
  });

  test('of two people may be handed to one, who has one voice all the same', async () => {
    const id = await asked('[{"when": "true", "approvers": "ADMIN", "quorum": 2}]');
    await delegate(id, 'ADMIN_1', 'ANALYST_1');
    await delegate(id, 'ADMIN_2', 'ANALYST_1');
    expect(await approve(id, 'ANALYST_1')).toMatchObject({ status: 'PENDING' });
    expect(await refused(approve(id, 'ANALYST_1'))).toBe('INVALID_STATE');
  });

  test('is handed over anew, and comes back when its owner votes first', async () => {
    const id = await asked('[{"when": "true", "approvers": "ADMIN", "quorum": 2}]');
    await delegate(id, 'ADMIN_1', 'ANALYST_1');
    await delegate(id, 'ADMIN_1', 'ANALYST_2');
    expect(await refused(approve(id, 'ANALYST_1'))).toBe('NOT_AN_APPROVER');
    await approve(id, 'ADMIN_1');
    expect(await refused(approve(id, 'ANALYST_2'))).toBe('INVALID_STATE');
    expect(await refused(delegate(id, 'ADMIN_1', 'ANALYST_2'))).toBe('INVALID_STATE');
  });

  test('is handed over by nobody who has none, and to nobody but another', async () => {
    const id = await asked(ONE);
    expect(await refused(delegate(id, 'ANALYST_1', 'ANALYST_2'))).toBe('NOT_AN_APPROVER');
    expect(await refused(delegate(id, 'OPERATOR_1', 'OPERATOR_1'))).toBe('INVALID_INPUT');
    for (const nobody of ['', 'a b', 'x'.repeat(201), '\u0000'])
      expect(await refused(delegate(id, 'OPERATOR_1', nobody))).toBe('INVALID_INPUT');
    // A delegate has no vote of their own to hand on.
    await delegate(id, 'OPERATOR_1', 'ANALYST_1');
    expect(await refused(delegate(id, 'ANALYST_1', 'ANALYST_2'))).toBe('NOT_AN_APPROVER');
  });

  test('is handed to nobody who could not give it, and a repetition of one that was handed over is answered as it was', async () => {
    const id = await asked(ONE);
    for (const nobody of ['CUSTOMER_1', 'SOMEBODY_1'])
      await expect(delegate(id, 'OPERATOR_1', nobody)).rejects.toMatchObject({
        code: 'NOT_AN_APPROVER',
        message: expect.stringContaining('small:read'),
        userErrors: [{ path: ['input', 'delegateId'] }],
      });
    const roles: Role[] = ['ANALYST'];
    const changing = createApprovals(
      { store: small.store, clock, log: silentLogger },
      {
        events: smallEvents,
        commands: [writeNote],
        electorate: { scopes: ['small:read'], rolesOf: async () => roles },
      },
    );
    const input = { ...given(id), delegateId: 'ANALYST_1' };
    await changing.delegate(input, as('OPERATOR_1'));
    roles.length = 0;
    expect(await changing.delegate(input, as('OPERATOR_1'))).toMatchObject({ id, status: 'PENDING' });
    expect(await refused(changing.delegate({ ...input, ...given(id) }, as('OPERATOR_1')))).toBe('NOT_AN_APPROVER');
  });

  test('with the same key again is given once', async () => {
    const id = await asked('[{"when": "true", "approvers": "ADMIN", "quorum": 2}]');
    const idempotencyKey = newId('key');
    const answers = await Promise.all(Array.from({ length: 5 }, () => approve(id, 'ADMIN_1', { idempotencyKey })));
    expect(answers.map(({ status }) => status)).toEqual(Array(5).fill('PENDING'));
    expect(await refused(approvals.reject(given(id, { idempotencyKey }), as('ADMIN_1')))).toBe('INVALID_STATE');
  });
});

describe('a request', () => {
  test('that one approver rejects is over', async () => {
    const id = await asked(TWO_TIERS);
    await approve(id, 'OPERATOR_1');
    expect(await reject(id, 'ADMIN_1')).toMatchObject({ status: 'REJECTED', decidedAt: expect.any(Date) });
    expect(await refused(approve(id, 'ADMIN_2'))).toBe('INVALID_STATE');
    expect(await refused(reject(id, 'ADMIN_2'))).toBe('INVALID_STATE');
    expect(await refused(withdraw(id, 'VIEWER_1'))).toBe('INVALID_STATE');
    expect(await notes()).toEqual([]);
    expect((await eventTypes()).at(-1)).toBe('small.approval_decided');
  });

  test('is withdrawn by who made it, and by nobody else', async () => {
    const id = await asked(ONE);
    expect(await refused(withdraw(id, 'ADMIN_1'))).toBe('NOT_REQUESTER');
    expect(await withdraw(id, 'VIEWER_1')).toMatchObject({ status: 'CANCELLED' });
    expect(await refused(approve(id, 'ADMIN_1'))).toBe('INVALID_STATE');
    expect(await notes()).toEqual([]);
  });

  test('expires, from that second on, whether or not the job has run', async () => {
    const id = await asked(ONE);
    const { status } = (approvals.resolvers as any).Approval;
    clock.advance(72 * 3_600_000 - 1);
    await approvals.runJob('expire approvals');
    expect(status(await one(id))).toBe('PENDING');
    clock.advance(1);
    expect(status(await one(id))).toBe('EXPIRED');
    for (const act of [approve(id, 'ADMIN_1'), reject(id, 'ADMIN_1'), withdraw(id, 'VIEWER_1')])
      expect(await refused(act)).toBe('APPROVAL_EXPIRED');
    expect(await refused(delegate(id, 'ADMIN_1', 'ADMIN_2'))).toBe('APPROVAL_EXPIRED');
    await Promise.all([approvals.runJob('expire approvals'), approvals.runJob('expire approvals')]);
    expect(await one(id)).toMatchObject({ status: 'EXPIRED', decidedAt: clock.now() });
    expect(await eventTypes()).toEqual(['small.approval_requested', 'small.approval_decided']);
    expect(await notes()).toEqual([]);
  });

  test('is listed by its status, subject, command and asker', async () => {
    const [a, b] = [await asked(ONE, { id: 'a' }), await asked(ONE, { id: 'b', by: 'ANALYST_1' })];
    await approve(a, 'ADMIN_1');
    const listed = async (filter: object) => (await approvals.page(filter, {})).nodes.map(({ id }) => id);
    expect(await listed({})).toHaveLength(2);
    expect(await listed({ status: 'PENDING' })).toEqual([b]);
    expect(await listed({ subjectId: 'a' })).toEqual([a]);
    expect(await listed({ requestedBy: 'ANALYST_1' })).toEqual([b]);
    expect(await listed({ command: 'sendNote' })).toEqual([]);
  });

  test('that does not exist is told', async () => {
    expect(await refused(approve('approval_0', 'ADMIN_1'))).toBe('NOT_FOUND');
  });
});
