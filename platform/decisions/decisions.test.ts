import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { openSmallAgent, type SmallAgent } from '../../tests/support/small-agent.ts';
import { FixedClock } from '../clock.ts';
import { Refusal } from '../errors.ts';
import type { RequestContext } from '../graphql/context.ts';
import { newId } from '../ids.ts';
import type { DecisionRow } from './decision-entity.ts';
import { createDecisions, type Decisions, MAX_REVIEWS } from './decisions.ts';
import { type Alternative, policiesByVersion, type Policy, type Verdict } from './policy.ts';
import { MAX_CHOICE, MAX_INPUTS, type NewDecision, recordDecision, recordOutcome } from './record.ts';
import { replay } from './replay.ts';

/** The cheapest offer is taken, the first in the alphabet of equal ones. */
const cheapest: Policy<Record<string, number>, { price: number }> = {
  name: 'small.cheapest',
  version: 2,
  source: 'POLICY',
  inputs: z.record(z.string(), z.number()),
  decide(prices) {
    const offers = Object.entries(prices).sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1));
    const alternatives = offers.map(([choice, price]) => ({ choice, score: -price, reasons: [`It costs ${price}.`] }));
    return {
      result: { price: offers[0]![1] },
      reasons: ['It is the cheapest.'],
      alternatives: alternatives as unknown as [Alternative],
    };
  },
};

const clock = new FixedClock('2026-06-01T12:00:00Z');
const { signal } = new AbortController();
let small: SmallAgent;
let decisions: Decisions;
beforeAll(async () => {
  small = await openSmallAgent();
  decisions = createDecisions({ store: small.store, clock, config: { DECISION_RETENTION_DAYS: 90 } } as never, [
    cheapest,
  ]);
});
afterAll(() => small?.database.drop());
beforeEach(async () => {
  await small.database.pool.query('truncate small.decision, small.decision_outcome, small.idempotency');
});

type Given = Partial<NewDecision<Record<string, number>, { price: number }>>;

/** Records what the policy decides on these inputs, as a command does. */
const record = (inputs: Record<string, number>, more: Given = {}): Promise<string | null> =>
  small.store.write({ locks: [], origin: {} }, (work) => {
    const verdict = cheapest.decide(inputs);
    const about = { subjectId: 'order_1', decidedBy: 'agent:orchestration', decidedAt: clock.now() };
    return recordDecision(work, cheapest, { inputs, verdict, ...about, ...more });
  });

const tell = (decisionIds: readonly string[], outcome: string): Promise<void> =>
  small.store.write({ locks: [], origin: {} }, (work) =>
    recordOutcome(work, { decisionIds, outcome, occurredAt: clock.now() }),
  );

const context = (id = 'user_1') => ({ actor: { id } }) as RequestContext;
const review = (decisionId: string, choice: string, more: { key?: string; as?: string } = {}): Promise<DecisionRow> =>
  decisions.review(
    { decisionId, choice, reason: 'It was late twice.', idempotencyKey: more.key ?? newId('key') },
    context(more.as),
  );
const all = async (): Promise<DecisionRow[]> => (await decisions.page({}, {})).nodes;
const one = async (): Promise<DecisionRow> => (await all())[0]!;
const resolved = (field: string, row: DecisionRow): any =>
  (decisions.resolvers as any).Decision[field](row, {}, context());
const versions = policiesByVersion([cheapest]);
const codeOf = (refusal: Refusal): string => refusal.code;
const refused = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error) => (error instanceof Refusal ? codeOf(error) : String(error)),
  );

describe('a record', () => {
  test('has the choice, what else was weighed, why, on what, and by whom', async () => {
    const id = await record({ sea: 5, air: 9 });
    expect(await one()).toEqual({
      id,
      policy: 'small.cheapest',
      policyVersion: 2,
      subjectId: 'order_1',
      source: 'POLICY',
      choice: 'sea',
      resultHash: expect.any(String),
      reasons: ['It is the cheapest.'],
      alternatives: [
        { choice: 'sea', score: -5, reasons: ['It costs 5.'] },
        { choice: 'air', score: -9, reasons: ['It costs 9.'] },
      ],
      weighed: 2,
      inputs: { sea: 5, air: 9 },
      decidedBy: 'agent:orchestration',
      decidedAt: clock.now(),
      reviewOf: null,
    });
    expect(id).toMatch(/^decision_/);
  });

  test('is not made where there was nothing to choose between', async () => {
    expect(await record({ sea: 5 })).toBeNull();
    expect(await all()).toEqual([]);
  });

  test('is made with the effect or not at all', async () => {
    const work = small.store.write({ locks: [], origin: {} }, async (session) => {
      const inputs = { sea: 5, air: 9 };
      const about = { subjectId: 'order_1', decidedBy: 'user_1', decidedAt: clock.now() };
      await recordDecision(session, cheapest, { inputs, verdict: cheapest.decide(inputs), ...about });
      throw new Error('the effect failed');
    });
    await expect(work).rejects.toThrow('the effect failed');
    expect(await all()).toEqual([]);
  });

  test('keeps ten alternatives and ten reasons, each of 500 characters, and tells how many there were', async () => {
    const offers = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`o${n}`, n]));
    const verdict = { ...cheapest.decide(offers), reasons: Array(12).fill('x'.repeat(600)) };
    await record(offers, { verdict, inputs: offers });
    const { alternatives, reasons, weighed, choice } = await one();
    expect([alternatives.length, reasons.length, weighed, choice]).toEqual([10, 10, 30, 'o0']);
    expect(reasons[0]).toBe(`${'x'.repeat(499)}…`);
  });

  test('keeps no inputs that are too long, and says so when it is replayed', async () => {
    const offers = { [`sea${'x'.repeat(MAX_INPUTS)}`]: 9, air: 5 };
    const verdict = cheapest.decide({ air: 5, sea: 9 });
    await record({ sea: 9, air: 5 }, { inputs: offers, verdict });
    const row = await one();
    expect(row.inputs).toBeNull();
    expect(replay(row, versions)).toEqual({
      result: 'IMPOSSIBLE',
      choice: null,
      reason: 'Its inputs were too long to be kept.',
    });
  });

  test.each<[string, Partial<Verdict<{ price: number }>>]>([
    ['a choice that is too long', { alternatives: [{ choice: 'x'.repeat(MAX_CHOICE + 1), score: 1, reasons: [] }] }],
    ['a score that is no number', { alternatives: [{ choice: 'sea', score: Number.NaN, reasons: [] }] }],
  ])('of %s is an error of the policy', async (_, wrong) => {
    const verdict = { ...cheapest.decide({ sea: 5, air: 9 }), weighed: 2, ...wrong };
    await expect(record({ sea: 5, air: 9 }, { verdict })).rejects.toThrow('small.cheapest');
    expect(await all()).toEqual([]);
  });
});

describe('a replay', () => {
  test('of any history of records decides the same again', async () => {
    const offers = fc.dictionary(fc.string({ minLength: 1, unit: 'grapheme-ascii' }), fc.integer({ min: 0, max: 5 }), {
      minKeys: 2,
      maxKeys: 6,
    });
    const history = fc.sample(offers, 60);
    for (const inputs of history) await record(inputs);
    const rows = (await decisions.page({}, { first: 100 })).nodes;
    expect(rows).toHaveLength(history.length);
    expect(rows.map((row) => resolved('replay', row))).toEqual(
      rows.map(({ choice }) => ({ result: 'SAME', choice, reason: null })),
    );
  });

  test('by a policy that was changed without a new version differs, and shows both choices', async () => {
    await record({ sea: 5, air: 9 });
    const dearest = { ...cheapest, decide: (prices: Record<string, number>) => reversed(cheapest.decide(prices)) };
    const row = await one();
    expect(row.choice).toBe('sea');
    expect(replay(row, policiesByVersion([dearest]))).toEqual({ result: 'DIFFERS', choice: 'air', reason: null });
  });

  test('with the same choice and another result differs too', async () => {
    await record({ sea: 5, air: 9 });
    const rounded = {
      ...cheapest,
      decide: (prices: Record<string, number>) => ({ ...cheapest.decide(prices), result: { price: 4 } }),
    };
    expect(replay(await one(), policiesByVersion([rounded]))).toMatchObject({ result: 'DIFFERS', choice: 'sea' });
  });

  test('is made by the version that decided, beside a later one', async () => {
    await record({ sea: 5, air: 9 });
    const later = { ...cheapest, version: 3, decide: () => reversed(cheapest.decide({ sea: 5, air: 9 })) };
    const row = await one();
    expect(replay(row, policiesByVersion([later, cheapest])).result).toBe('SAME');
    expect(replay(row, policiesByVersion([later]))).toEqual({
      result: 'IMPOSSIBLE',
      choice: null,
      reason: 'Version 2 of small.cheapest is not here any more.',
    });
  });

  test('by a version that fails is impossible, and says how it fails', async () => {
    await record({ sea: 5, air: 9 });
    const failing = {
      ...cheapest,
      decide: () => {
        throw new Error('no offer');
      },
    };
    expect(replay(await one(), policiesByVersion([failing]))).toEqual({
      result: 'IMPOSSIBLE',
      choice: null,
      reason: 'Version 2 of small.cheapest fails on its inputs: no offer',
    });
  });

  test('of inputs that the version cannot read is impossible', async () => {
    await record({ sea: 5, air: 9 });
    const strict = { ...cheapest, inputs: z.object({ rail: z.number() }) as never };
    expect(replay(await one(), policiesByVersion([strict]))).toMatchObject({
      result: 'IMPOSSIBLE',
      reason: 'Version 2 of small.cheapest cannot read its inputs.',
    });
  });

  const reversed = (verdict: Verdict<{ price: number }>): Verdict<{ price: number }> => ({
    ...verdict,
    alternatives: verdict.alternatives.toReversed() as unknown as [Alternative],
  });
});

test('two policies of one name and version are refused', () => {
  expect(() => policiesByVersion([cheapest, { ...cheapest }])).toThrow('small.cheapest of version 2');
});

describe('an outcome', () => {
  test('is added once, whoever tells it again', async () => {
    const id = (await record({ sea: 5, air: 9 }))!;
    await tell([id], 'LATE');
    clock.advance(1000);
    await tell([id], 'LATE');
    await tell([id], 'LOST');
    expect(await resolved('outcomes', await one())).toEqual([
      { decisionId: id, outcome: 'LATE', occurredAt: new Date(clock.now().getTime() - 1000) },
      { decisionId: id, outcome: 'LOST', occurredAt: clock.now() },
    ]);
  });

  test('of a decision that is not kept any more is no error', async () => {
    const id = (await record({ sea: 5, air: 9 }))!;
    await tell(['decision_gone', id], 'LATE');
    expect(await resolved('outcomes', await one())).toHaveLength(1);
    await tell([], 'LATE');
  });
});

describe('a review', () => {
  test('is a decision of its own beside the first, which stays as it is', async () => {
    const id = (await record({ sea: 5, air: 9 }))!;
    const before = await one();
    expect(await review(id, 'air')).toEqual(before);
    const [reviewed] = (await resolved('reviews', before)) as DecisionRow[];
    expect(reviewed).toMatchObject({
      policy: 'small.cheapest',
      policyVersion: 2,
      subjectId: 'order_1',
      source: 'HUMAN',
      choice: 'air',
      reasons: ['It was late twice.'],
      alternatives: [],
      inputs: null,
      decidedBy: 'user_1',
      reviewOf: id,
    });
    expect(replay(reviewed!, versions)).toMatchObject({ result: 'IMPOSSIBLE', reason: 'A person decided this.' });
    expect(await all()).toHaveLength(2);
  });

  test('is made once for each idempotency key', async () => {
    const id = (await record({ sea: 5, air: 9 }))!;
    await Promise.all([1, 2, 3].map(() => review(id, 'air', { key: 'k' })));
    const reviewed = (await decisions.load(context()).load(id))!;
    expect(await resolved('reviews', reviewed)).toHaveLength(1);
    expect(await refused(review(id, 'sea', { key: 'k' }))).toBe('IDEMPOTENCY_KEY_REUSED');
  });

  test('with what was no alternative, of a review, or of nothing is refused, and nothing is written', async () => {
    const id = (await record({ sea: 5, air: 9 }))!;
    await review(id, 'air');
    const [own] = (await resolved('reviews', (await decisions.load(context()).load(id))!)) as DecisionRow[];
    expect(await refused(review(id, 'rail'))).toBe('INVALID_INPUT');
    expect(await refused(review(own!.id, 'air'))).toBe('INVALID_STATE');
    expect(await refused(review('decision_none', 'air'))).toBe('NOT_FOUND');
    expect(await all()).toHaveLength(2);
  });

  test('is one of at most twenty, also of many at once', async () => {
    const id = (await record({ sea: 5, air: 9 }))!;
    const answers = await Promise.all(Array.from({ length: MAX_REVIEWS + 3 }, () => refused(review(id, 'air'))));
    expect(answers.filter((answer) => answer === 'INVALID_STATE')).toHaveLength(3);
    expect(await resolved('reviews', (await decisions.load(context()).load(id))!)).toHaveLength(MAX_REVIEWS);
  });
});

test('decisions are listed the latest first, and those about one thing by its id', async () => {
  for (const subjectId of ['order_1', 'order_2', 'order_1']) {
    await record({ sea: 5, air: 9 }, { subjectId, decidedAt: clock.now() });
    clock.advance(1000);
  }
  const first = await decisions.page({}, { first: 2 });
  expect(first.nodes.map(({ subjectId }) => subjectId)).toEqual(['order_1', 'order_2']);
  const second = await decisions.page({}, { first: 2, after: first.pageInfo.endCursor });
  expect(second.nodes.map(({ subjectId }) => subjectId)).toEqual(['order_1']);
  const about = await decisions.page({ subjectId: 'order_1' }, {});
  expect([about.nodes.length, await about.totalCount]).toEqual([2, 2]);
});

test('decisions are forgotten with their outcomes when they are older than they are kept, and no others', async () => {
  const aged = (days: number) => new Date(clock.now().getTime() - days * 86_400_000);
  const ids: string[] = [];
  for (const days of [89, 91, 200]) ids.push((await record({ sea: 5, air: 9 }, { decidedAt: aged(days) }))!);
  await tell(ids, 'LATE');
  const [job] = decisions.scheduledJobs;
  expect(job!.name).toBe('forget decisions');
  await job!.run(signal, small.kysely);
  expect((await all()).map(({ id }) => id)).toEqual([ids[0]]);
  const left = await small.kysely.selectFrom('small.decision_outcome').select('decision_id').execute();
  expect(left).toEqual([{ decision_id: ids[0] }]);
});
