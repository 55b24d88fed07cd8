import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openSmallAgent, type SmallAgent } from '../../tests/support/small-agent.ts';
import { FixedClock } from '../clock.ts';
import { Refusal, Unavailable, refuse } from '../errors.ts';
import { Actor } from '../identity/actor.ts';
import { newId } from '../ids.ts';
import { approvalErrors } from './approval-errors.ts';
import type { ApprovalRow } from './approval-entity.ts';
import { MAX_PENDING } from './request.ts';
import { as, sendNote, smallApprovals, type SmallApprovals, writeNote } from './small-approvals.testing.ts';

const clock = new FixedClock('2026-06-01T12:00:00Z');
let small: SmallAgent;
let approvals: SmallApprovals;
/** What is done outside, by the id of the note. */
let sent: string[] = [];
let sending: (id: string) => Promise<void>;
const toSend = sendNote((id) => sending(id));
beforeAll(async () => {
  small = await openSmallAgent();
  approvals = smallApprovals(small.store, clock, [writeNote, toSend]);
});
afterAll(() => small?.database.drop());
beforeEach(async () => {
  await small.empty();
  await small.database.pool.query('truncate small.approval cascade');
  sent = [];
  sending = async (id) => void sent.push(id);
});

const ONE = '[{"when": "amountMinor > 10000", "approvers": "OPERATOR"}]';
const TWO_TIERS = `[{"when": "amountMinor > 10000", "approvers": "OPERATOR"},
                    {"when": "amountMinor > 12000", "approvers": "ADMIN", "quorum": 2}]`;

const asked = async (policy: string, options = {}): Promise<string> => (await approvals.ask(policy, options))!;
const given = (approvalId: string, more: object = {}) => ({
  approvalId,
  idempotencyKey: newId('key'),
  reason: 'Seen',
  ...more,
});
const approve = (id: string, by: string, more = {}): Promise<ApprovalRow> => approvals.approve(given(id, more), as(by));
const reject = (id: string, by: string): Promise<ApprovalRow> => approvals.reject(given(id), as(by));
const withdraw = (id: string, by: string): Promise<ApprovalRow> => approvals.withdraw(given(id), as(by));
const delegate = (id: string, by: string, delegateId: string): Promise<ApprovalRow> =>
  approvals.delegate({ ...given(id), delegateId }, as(by));
const refused = (work: Promise<ApprovalRow>): Promise<string> =>
  work.then(
    ({ status }) => `not refused: ${status}`,
    (error) => {
      if (error instanceof Refusal) return error.code;
      throw error;
    },
  );
const one = (id: string): Promise<ApprovalRow> => approvals.load(as('VIEWER_9')).load(id) as Promise<ApprovalRow>;
const notes = async (): Promise<unknown[]> => (await small.database.pool.query('select * from small.note')).rows;
const eventTypes = async (): Promise<string[]> =>
  (await small.database.pool.query('select type from platform.event_log order by position')).rows.map(
    ({ type }) => type,
  );
const tiersOf = (id: string): Promise<any[]> => (approvals.resolvers as any).Approval.tiers({ id }, {}, as('VIEWER_9'));

describe('a command', () => {
  test('that needs no approval asks for none', async () => {
    expect(await approvals.ask(ONE, { amountMinor: 10_000n })).toBeNull();
  });

  test('is kept whole, with its hash, and with the tiers that are due and why', async () => {
    const id = await asked(TWO_TIERS, { id: 'note_1', text: 'Hello' });
    expect(await one(id)).toMatchObject({
      command: 'writeNote',
      input: { id: 'note_1', text: 'Hello' },
      inputHash: expect.stringMatching(/^[\w-]{43}$/),
      subjectId: 'note_1',
      requestedBy: 'VIEWER_1',
      status: 'PENDING',
      expiresAt: new Date('2026-06-04T12:00:00Z'),
    });
    const tiers = await tiersOf(id);
    expect(tiers).toMatchObject([
      { tier: 1, approvers: 'OPERATOR', quorum: 1, condition: 'amountMinor > 10000' },
      { tier: 2, approvers: 'ADMIN', quorum: 2 },
    ]);
    expect(tiers[0].explanation).toEqual([
      { text: 'amountMinor > 10000', depth: 0, value: 'true', problem: null },
      { text: 'amountMinor', depth: 1, value: '12500', problem: null },
    ]);
    expect(await notes()).toEqual([]);
    expect(await eventTypes()).toEqual(['small.approval_requested']);
  });

  test('whose need cannot be told needs approval', async () => {
    const id = await asked(ONE, { amountMinor: undefined });
    expect((await tiersOf(id))[0].explanation[0].problem).toBe('The fact amountMinor is not known.');
    const tooLarge = await asked(ONE, { amountMinor: 2n ** 70n });
    expect((await tiersOf(tooLarge))[0].explanation).toHaveLength(1);
  });

  test('with the same key again has the same approval; another one is refused', async () => {
    const [a, b] = [await asked(ONE, { id: 'n', key: 'k' }), await asked(ONE, { id: 'n', key: 'k' })];
    expect(a).toBe(b);
    await expect(asked(ONE, { id: 'n', key: 'k', text: 'y' })).rejects.toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
    });
  });

  test('with a field that its schema does not name is not kept', async () => {
    const input = { id: 'n', text: 'x', email: 'ada@example.org' };
    const work = small.store.write({ locks: [], origin: {} }, async (session) => {
      const { requestApproval } = await import('./request.ts');
      const tier = { tier: 1, condition: 'true', explanation: [], approvers: 'ADMIN', quorum: 1, selfApproval: false };
      const about = { subjectId: 'n', requestedBy: 'x', requestedAt: clock.now(), expiresAfterHours: 1 };
      const { smallEvents } = await import('./small-approvals.testing.ts');
      return requestApproval(session, smallEvents, { command: writeNote, input, tiers: [tier], ...about });
    });
    await expect(work).rejects.toThrow(/email/);
  });

  test('waits with at most twenty others about the same thing', async () => {
    for (let n = 0; n < MAX_PENDING; n++) await asked(ONE, { id: 'n' });
    await expect(asked(ONE, { id: 'n' })).rejects.toMatchObject({ code: 'INVALID_STATE' });
    expect(await asked(ONE, { id: 'other' })).toMatch(/^approval_/);
  });
});

describe('an approved command', () => {
  test('is executed, on behalf of who asked', async () => {
    const id = await asked(ONE, { id: 'note_1' });
    expect(await approve(id, 'OPERATOR_1')).toMatchObject({ status: 'EXECUTED', outcomeId: 'note_1', version: 3 });
    expect(await notes()).toMatchObject([{ id: 'note_1', owner: 'VIEWER_1', version: 1 }]);
    expect(await eventTypes()).toEqual([
      'small.approval_requested',
      'small.approval_decided',
      'small.approval_executed',
    ]);
  });

  test('is executed once, however many approve it at once', async () => {
    for (let round = 0; round < 10; round++) {
      const id = await asked(ONE, { id: `note_${round}`, command: toSend });
      const people = ['OPERATOR_1', 'OPERATOR_2', 'ADMIN_1', 'ADMIN_2', 'OPERATOR_1'];
      const outcomes = await Promise.all(people.map((by) => refused(approve(id, by))));
      expect(outcomes.filter((outcome) => outcome.startsWith('not refused'))).toHaveLength(1);
      expect(await one(id)).toMatchObject({ status: 'EXECUTED' });
    }
    expect(await notes()).toHaveLength(10);
    expect(sent).toHaveLength(10);
  });

  test('is executed once if many carry it out at once', async () => {
    const id = await asked(ONE, { id: 'note_1', command: toSend });
    sending = () => Promise.reject(new Unavailable('away'));
    expect(await approve(id, 'OPERATOR_1')).toMatchObject({ status: 'APPROVED', outcomeId: 'note_1' });
    sending = async (note) => void sent.push(note);
    clock.advance(11_000);
    await Promise.all(Array.from({ length: 8 }, () => approvals.runJob('execute approved commands')));
    expect(await one(id)).toMatchObject({ status: 'EXECUTED' });
    expect(await notes()).toHaveLength(1);
    // The outside knows the note by its id: it may be told at the same time, and never after the end.
    const told = sent.length;
    await approvals.runJob('execute approved commands');
    expect(sent).toHaveLength(told);
  });

  test('that has become impossible has failed, with the reason, and nothing is done', async () => {
    const ids = [await asked(ONE, { id: 'n', command: toSend }), await asked(ONE, { id: 'n', command: toSend })];
    await approve(ids[0]!, 'OPERATOR_1');
    expect(await approve(ids[1]!, 'OPERATOR_1')).toMatchObject({
      status: 'FAILED',
      failureCode: 'INVALID_STATE',
      failure: 'The note is written already.',
      outcomeId: null,
    });
    expect(await notes()).toMatchObject([{ id: 'n', version: 1 }]);
    expect(sent).toEqual(['n']);
    clock.advance(11_000);
    await approvals.runJob('execute approved commands');
    expect(sent).toEqual(['n']);
  });

  test('that the outside refuses has failed', async () => {
    const id = await asked(ONE, { id: 'n', command: toSend });
    sending = () => Promise.reject(refuse('REFUND_REFUSED', 'No.'));
    expect(await approve(id, 'OPERATOR_1')).toMatchObject({ status: 'FAILED', failure: 'No.', outcomeId: 'n' });
  });

  test('is not executed if it was altered', async () => {
    const id = await asked(ONE, { id: 'n' });
    await small.database.pool.query(`update small.approval set input = input || '{"text": "altered"}'`);
    expect(await approve(id, 'OPERATOR_1')).toMatchObject({
      status: 'FAILED',
      failure: expect.stringMatching(/not the one/),
    });
    expect(await notes()).toEqual([]);
  });

  test('waits for a release that can execute it', async () => {
    const id = await asked(ONE, { id: 'n' });
    const earlier = smallApprovals(small.store, clock, []);
    expect(await earlier.approve(given(id), as('OPERATOR_1'))).toMatchObject({ status: 'APPROVED' });
    clock.advance(11_000);
    await expect(earlier.runJob('execute approved commands')).rejects.toThrow(/cannot execute the command writeNote/);
    await approvals.runJob('execute approved commands');
    expect(await one(id)).toMatchObject({ status: 'EXECUTED' });
  });
});

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
    // A delegate has no vote of their own to hand on.
    await delegate(id, 'OPERATOR_1', 'ANALYST_1');
    expect(await refused(delegate(id, 'ANALYST_1', 'ANALYST_2'))).toBe('NOT_AN_APPROVER');
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

test('a command’s answer has a user error until the command is executed', async () => {
  const codes = async (id: string) => approvalErrors(await one(id), clock.now()).map(({ code }) => code);
  const id = await asked(ONE);
  expect(await codes(id)).toEqual(['APPROVAL_REQUIRED']);
  await approve(id, 'ADMIN_1');
  expect(await codes(id)).toEqual([]);
  const rejected = await asked(ONE);
  await reject(rejected, 'ADMIN_1');
  expect(await codes(rejected)).toEqual(['INVALID_STATE']);
  const expired = await asked(ONE);
  clock.advance(72 * 3_600_000);
  expect(await codes(expired)).toEqual(['APPROVAL_EXPIRED']);
});
