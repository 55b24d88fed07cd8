/** Random people on random requests, some at once: whatever they do, a checker that reads the database alone is content. */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { openSmallAgent, type SmallAgent } from '../../tests/support/small-agent.ts';
import { FixedClock } from '../clock.ts';
import { Refusal } from '../errors.ts';
import { newId } from '../ids.ts';
import { approvalViolations } from './approval-violations.ts';
import { as, smallApprovals } from './small-approvals.testing.ts';

let small: SmallAgent;
beforeAll(async () => {
  small = await openSmallAgent();
});
afterAll(() => small?.database.drop());
beforeEach(async () => {
  await small.empty();
  await small.database.pool.query('truncate small.approval cascade');
});

const PEOPLE = ['ADMIN_1', 'ADMIN_2', 'OPERATOR_1', 'OPERATOR_2', 'ANALYST_1'];
/** Who may vote for a role, written out. */
const MEMBERS: Record<string, RegExp> = { OPERATOR: /^(OPERATOR|ADMIN)/, ADMIN: /^ADMIN/ };

type Step =
  | { do: 'approve' | 'reject' | 'withdraw'; by: string; on: number }
  | { do: 'delegate'; by: string; to: string; on: number }
  | { do: 'wait'; hours: number };

const someone = fc.constantFrom(...PEOPLE);
const on = fc.nat({ max: 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ do: fc.constant('approve' as const), by: someone, on }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reject' as const), by: someone, on }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('withdraw' as const), by: someone, on }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('delegate' as const), by: someone, to: someone, on }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), hours: fc.constantFrom(1, 71) }) },
);
const tier = fc.record({
  when: fc.constant('true'),
  approvers: fc.constantFrom('OPERATOR', 'ADMIN'),
  quorum: fc.integer({ min: 1, max: 2 }),
  selfApproval: fc.boolean(),
});
const history = fc.record({
  policies: fc.tuple(fc.array(tier, { minLength: 1, maxLength: 3 }), fc.array(tier, { minLength: 1, maxLength: 2 })),
  askers: fc.tuple(someone, someone),
  /** Steps of one round are taken at once. */
  rounds: fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 8 }),
});

/** Votes for seats of people who may not vote, by the roles in their ids: beyond what the checker can know. */
const strangers = async (): Promise<unknown[]> => {
  const { rows } = await small.database.pool.query<{ seat: string; approvers: string }>(
    'select v.seat, t.approvers from small.approval_vote v join small.approval_tier t using (approval_id, tier)',
  );
  return rows.filter(({ seat, approvers }) => !MEMBERS[approvers]!.test(seat));
};
/** Notes and executed requests, side by side: each has the other, once. */
const executed = async (): Promise<{ notes: string[]; requests: string[] }> => {
  const read = async (text: string): Promise<string[]> =>
    (await small.database.pool.query<{ text: string }>(text)).rows.map((row) => row.text);
  return {
    notes: await read(`select id || ' ' || version as text from small.note order by 1`),
    requests: await read(`select outcome_id || ' 1' as text from small.approval where status = 'EXECUTED' order by 1`),
  };
};

test('no sequence of votes breaks the rules', async () => {
  const ends = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(history, async ({ policies, askers, rounds }) => {
      const clock = new FixedClock('2026-06-01T12:00:00Z');
      const approvals = smallApprovals(small.store, clock);
      const ids = await Promise.all(
        policies.map(async (policy, at) => (await approvals.ask(JSON.stringify(policy), { by: askers[at]! }))!),
      );
      const take = async (one: Step): Promise<void> => {
        if (one.do === 'wait') {
          clock.advance(one.hours * 3_600_000);
          await approvals.runJob('expire approvals');
          return;
        }
        const input = { approvalId: ids[one.on]!, idempotencyKey: newId('key'), reason: 'x' };
        const context = as(one.by);
        const act =
          one.do === 'delegate'
            ? approvals.delegate({ ...input, delegateId: one.to }, context)
            : approvals[one.do](input, context);
        await act.catch((error) => {
          if (!(error instanceof Refusal)) throw error;
        });
      };
      for (const round of rounds) {
        clock.advance(1000);
        await Promise.all(round.map(take));
        expect(await approvalViolations(small.kysely, 'small')).toEqual([]);
      }
      expect(await strangers()).toEqual([]);
      const { notes, requests } = await executed();
      expect(notes).toEqual(requests);
      const { rows } = await small.database.pool.query('select status from small.approval where id = any($1)', [ids]);
      for (const { status } of rows) ends.set(status, (ends.get(status) ?? 0) + 1);
    }),
    { numRuns: 30, endOnFailure: true },
  );
  // Not all were refused: requests were executed, and others were not.
  expect(ends.get('EXECUTED')).toBeGreaterThan(3);
  expect(ends.size).toBeGreaterThan(2);
});

test.each<[string, string, RegExp]>([
  [
    'a quorum that is not there',
    `update small.approval_tier set quorum = 2`,
    /EXECUTED with 1 of 2 approvals in tier 1/,
  ],
  ['an own request', `update small.approval set requested_by = 'ADMIN_1'`, /ADMIN_1 voted on their own request/],
  ['a seat that was not handed over', `update small.approval_vote set seat = 'ADMIN_2'`, /had not handed/],
  ['a late vote', `update small.approval set expires_at = requested_at`, /voted after it had expired/],
  [
    'a decision that nobody took',
    `update small.approval set status = 'REJECTED', outcome_id = null`,
    /REJECTED by nobody/,
  ],
  [
    'a vote after the end',
    `update small.approval_vote set voted_at = voted_at + interval '1 second'`,
    /after it was decided/,
  ],
  [
    'a tier out of turn',
    `insert into small.approval_tier select approval_id, 2, condition, explanation, approvers, 1, false
     from small.approval_tier; update small.approval_vote set tier = 2`,
    /tier 2 before tier 1 had its quorum/,
  ],
  ['a rejection that was ignored', `update small.approval_vote set choice = 'REJECT'`, /EXECUTED with 1 rejections/],
  ['no tier', `delete from small.approval_tier`, /has no tier/],
  ['an effect without approval', `update small.approval set status = 'CANCELLED'`, /CANCELLED, and made/],
])('the checker finds %s', async (_, tamper, found) => {
  const approvals = smallApprovals(small.store, new FixedClock('2026-06-01T12:00:00Z'));
  const id = (await approvals.ask('[{"when": "true", "approvers": "ADMIN"}]'))!;
  await approvals.approve({ approvalId: id, idempotencyKey: newId('key') }, as('ADMIN_1'));
  expect(await approvalViolations(small.kysely, 'small')).toEqual([]);
  await small.database.pool.query(tamper);
  expect((await approvalViolations(small.kysely, 'small')).join('\n')).toMatch(found);
});
