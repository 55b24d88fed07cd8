/** Commands that need approval: how they are kept, and executed. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openSmallAgent, type SmallAgent } from '../../tests/support/small-agent.ts';
import { until } from '../../tests/support/until.ts';
import { FixedClock } from '../clock.ts';
import { Unavailable, refuse } from '../errors.ts';
import { approvalErrors } from './approval-errors.ts';
import { MAX_PENDING } from './request.ts';
import {
  as,
  ONE,
  peopleOf,
  refused,
  sendNote,
  smallApprovals,
  type SmallApprovals,
  TWO_TIERS,
  writeNote,
} from './small-approvals.testing.ts';

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

const { asked, given, approve, reject, one, notes, eventTypes, tiersOf } = peopleOf(() => ({ small, approvals }));

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

  test('that another process has ended meanwhile is not executed', async () => {
    const id = await asked(ONE, { id: 'n' });
    const holder = await small.database.pool.connect();
    await holder.query(`begin; select pg_advisory_xact_lock(hashtextextended('note:n', 0))`);
    const approved = approve(id, 'OPERATOR_1');
    await until('it is approved', async () => (await one(id)).status === 'APPROVED');
    await holder.query(`update small.approval set status = 'FAILED', failure = 'Gone.'; commit`);
    holder.release();
    expect(await approved).toMatchObject({ status: 'FAILED', outcomeId: null });
    expect(await notes()).toEqual([]);
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

  test('is carried out behind any number of others that cannot be', async () => {
    sending = () => Promise.reject(new Unavailable('away'));
    const ids: string[] = [];
    for (let n = 0; n < 61; n++) {
      ids.push(await asked(ONE, { command: toSend }));
      await approve(ids.at(-1)!, 'OPERATOR_1');
    }
    const last = await one(ids.toSorted().at(-1)!);
    sending = async (note) => {
      if (note !== last.outcomeId) throw new Unavailable('away');
    };
    clock.advance(11_000);
    await expect(approvals.runJob('execute approved commands')).rejects.toThrow('away');
    expect(await one(last.id)).toMatchObject({ status: 'EXECUTED' });
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
