/** Operators' actions on failing sagas, carried out by the engine, through the gateway. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { systemClock } from '../../../platform/clock.ts';
import type { Actor } from '../../../platform/identity/actor.ts';
import { actor, admin, operator, viewer } from '../../../tests/support/agents.ts';
import { openPlatform, type TestPlatform } from '../../../tests/support/platform.ts';
import { done, forSale, newCustomer, placed, read, sagaEnds, settled } from '../../../tests/support/shop.ts';
import { untilAnswer } from '../../../tests/support/until.ts';
import { STUCK_AFTER } from '../domain.ts';
import { steeringQueries } from './queries.ts';

let shop: TestPlatform;
let variantId: string;
let key = 0;
beforeAll(async () => {
  shop = await openPlatform();
  variantId = await forSale(shop, { stock: 1000 });
  await sql`create function public.break() returns trigger language plpgsql as
    $$ begin raise exception 'the shelf of ada@example.com fell'; end $$`.execute(shop.kysely);
});
afterAll(() => shop.close());

/** What is broken by name, and for which rows of which table. */
const BREAKS = {
  reserve: ['inventory.reservation', `when (new.status = 'ACTIVE')`],
  confirm: ['"order".orders', `when (new.status = 'PROCESSING')`],
} as const;
const breakIt = async (step: keyof typeof BREAKS) => {
  const [table, rows] = BREAKS[step];
  const trigger = `create trigger broken before insert or update on ${table} for each row ${rows}`;
  await sql.raw(`${trigger} execute function public.break()`).execute(shop.kysely);
};
const mend = async () => {
  for (const [table] of Object.values(BREAKS))
    await sql.raw(`drop trigger if exists broken on ${table}`).execute(shop.kysely);
};
afterEach(mend);

const PAYLOAD = '{ saga { id status } userErrors { code path } }';
const FIELDS = {
  retrySagaStep: 'RetrySagaStepInput',
  skipSagaStep: 'SkipSagaStepInput',
  compensateSaga: 'CompensateSagaInput',
};
type Field = keyof typeof FIELDS;
const ask = (field: Field, input: object, as: Actor = operator) =>
  shop.ask(
    `mutation ($input: ${FIELDS[field]}!) { ${field}(input: $input) ${PAYLOAD} }`,
    { input: { reason: 'seen to', idempotencyKey: `k${key++}`, ...input } },
    as,
  );
const codes = async (field: Field, input: object) => {
  const { data, errors } = await ask(field, input);
  expect(errors).toBeUndefined();
  return data[field].userErrors.map(({ code, path }: { code: string; path: string[] }) => `${code} ${path.at(-1)}`);
};
const SAGA = `query ($id: ID!) { saga(id: $id) { status refusal steps { name status attempts }
  actions { number action step by reason requestedAt takenAt } } }`;
const sagaOf = async (id: string) => (await done(shop.ask(SAGA, { id }, viewer))).saga;
const failing = async (buyer = newCustomer()) => {
  const { order, saga } = await placed(shop, { lines: [{ variantId, quantity: 1 }] }, buyer);
  const now = await untilAnswer(
    () => sagaOf(saga.id),
    ({ steps }) => steps.some(({ status }: { status: string }) => status === 'RETRYING'),
    'no step fails',
  );
  return { orderId: order.id, sagaId: saga.id, buyer, step: now.steps.at(-1).name as string };
};
const requested = (sagaId: string) =>
  shop.kysely
    .selectFrom('platform.event_log')
    .select(['aggregate_version', 'payload'])
    .where('type', '=', 'saga.action_requested')
    .where('aggregate_id', '=', sagaId)
    .orderBy('position')
    .execute();

describe('a failing step', () => {
  beforeEach(() => breakIt('reserve'));

  test('is retried at once on request, and the audit and the log name the operator', async () => {
    const { sagaId, orderId } = await failing();
    await mend();
    await done(ask('retrySagaStep', { sagaId, reason: 'The shelf is up again.' }));
    await settled(shop, orderId, 'PROCESSING');
    const { actions } = await sagaOf(sagaId);
    expect(actions).toEqual([
      expect.objectContaining({
        number: 1,
        action: 'RETRY',
        step: 'reserve',
        by: operator.id,
        reason: 'The shelf is up again.',
      }),
    ]);
    const payload = { sagaId, step: 'reserve', action: 'RETRY', by: operator.id };
    expect(await requested(sagaId)).toEqual([{ aggregate_version: 1, payload }]);
  });

  test('is skipped, and the saga goes on', async () => {
    const { sagaId, orderId } = await failing();
    await done(ask('skipSagaStep', { sagaId, step: 'reserve' }));
    await settled(shop, orderId, 'PROCESSING');
    await sagaEnds(shop, orderId, 'COMPLETED');
    const saga = await sagaOf(sagaId);
    expect(saga.steps[0]).toMatchObject({ name: 'reserve', status: 'SKIPPED' });
    expect(saga.actions).toMatchObject([{ action: 'SKIP', takenAt: expect.any(String) }]);
    const { count } = await shop.kysely
      .selectFrom('inventory.reservation')
      .select(({ fn }) => fn.countAll().as('count'))
      .where('reference', '=', orderId)
      .executeTakeFirstOrThrow();
    expect(Number(count)).toBe(0);
  });

  test('has its saga undone, as after a refusal', async () => {
    const { sagaId, orderId } = await failing();
    await done(ask('compensateSaga', { sagaId }));
    await sagaEnds(shop, orderId, 'COMPENSATED');
    expect(await sagaOf(sagaId)).toMatchObject({ refusal: 'OPERATOR', actions: [{ action: 'COMPENSATE' }] });
    expect(await read(shop, orderId)).toMatchObject({ status: 'CANCELLED', payments: [] });
  });

  test('is decided once: a replay of the request, concurrent or later, has no effect', async () => {
    const { sagaId, orderId } = await failing();
    const same = { sagaId, step: 'reserve', idempotencyKey: 'the same' };
    await Promise.all([1, 2, 3].map(() => done(ask('skipSagaStep', same))));
    await settled(shop, orderId, 'PROCESSING');
    await done(ask('skipSagaStep', same));
    expect((await sagaOf(sagaId)).actions).toHaveLength(1);
    expect(await requested(sagaId)).toHaveLength(1);
    expect(await codes('skipSagaStep', { ...same, reason: 'other' })).toEqual([
      'IDEMPOTENCY_KEY_REUSED idempotencyKey',
    ]);
  });

  test('that is to be skipped is not undone as well', async () => {
    const { sagaId } = await failing();
    const both = await Promise.all([
      codes('skipSagaStep', { sagaId, step: 'reserve' }),
      codes('compensateSaga', { sagaId }),
    ]);
    expect(both.sort()).toEqual([[], ['INVALID_STATE sagaId']]);
    await untilAnswer(
      () => sagaOf(sagaId),
      ({ status }) => /^COMP(LETED|ENSATED)$/.test(status),
      'the saga does not end',
    );
    expect((await sagaOf(sagaId)).actions).toHaveLength(1);
  });

  test('is not steered by callers without write access, and its audit is hidden from callers without read access', async () => {
    const { sagaId, orderId, buyer } = await failing();
    for (const who of [viewer, buyer, actor({ roles: ['MERCHANT'], merchantId: 'merchant_test' })]) {
      const { data, errors } = await ask('compensateSaga', { sagaId }, who);
      expect([data?.compensateSaga ?? null, errors?.[0]?.extensions?.code]).toEqual([null, 'FORBIDDEN']);
    }
    expect((await sagaOf(sagaId)).actions).toEqual([]);
    const { errors } = await shop.ask(
      'query ($id: ID!) { saga(id: $id) { actions { reason } } }',
      { id: sagaId },
      buyer,
    );
    expect(errors?.[0]?.extensions?.code).toBe('FORBIDDEN');
    await mend();
    await settled(shop, orderId, 'PROCESSING');
  });
});

test('at the pivot a saga cannot be undone, but a step can be skipped', async () => {
  await breakIt('confirm');
  const { sagaId, orderId, step } = await failing();
  expect(step).toBe('confirm');
  expect(await codes('compensateSaga', { sagaId })).toEqual(['INVALID_STATE sagaId']);
  expect(await codes('skipSagaStep', { sagaId, step: 'pay' })).toEqual(['INVALID_STATE step']);
  await done(ask('skipSagaStep', { sagaId, step }));
  await sagaEnds(shop, orderId, 'COMPLETED');
  expect((await sagaOf(sagaId)).actions).toHaveLength(1);
});

test('an action without a failing step, or with invalid input, is refused', async () => {
  const { order, saga } = await placed(shop, { lines: [{ variantId, quantity: 1 }] }, newCustomer());
  await sagaEnds(shop, order.id, 'COMPLETED');
  const sagaId = saga.id;
  expect(await codes('retrySagaStep', { sagaId })).toEqual(['INVALID_STATE sagaId']);
  expect(await codes('skipSagaStep', { sagaId, step: 'reserve' })).toEqual(['INVALID_STATE sagaId']);
  expect(await codes('compensateSaga', { sagaId })).toEqual(['INVALID_STATE sagaId']);
  expect(await codes('retrySagaStep', { sagaId: 'placeOrder:none' })).toEqual(['NOT_FOUND sagaId']);
  for (const reason of ['', '  ', 'x'.repeat(501)])
    expect(await codes('retrySagaStep', { sagaId, reason })).toEqual(['INVALID_INPUT reason']);
  expect(await codes('retrySagaStep', { sagaId, idempotencyKey: '' })).toEqual(['INVALID_INPUT idempotencyKey']);
});

describe('a decision', () => {
  const queries = () => steeringQueries(shop.kysely as never, systemClock);
  const decide = (sagaId: string, ...actions: [action: string, step: string][]) =>
    shop.kysely
      .insertInto('orchestration.saga_action')
      .values(
        actions.map(([action, step], index) => ({
          sagaId,
          number: index + 1,
          step,
          action,
          requestedBy: 'me',
          reason: 'x',
          at: new Date(),
        })),
      )
      .execute();

  test('is taken up oldest first, a retry once, by its step only', async () => {
    await decide('test:a', ['RETRY', 'one'], ['RETRY', 'other'], ['RETRY', 'one']);
    const taken = [];
    for (let n = 0; n < 3; n++) taken.push(await queries().verdict('test:a', 'one'));
    expect(taken).toEqual([{ action: 'RETRY', by: 'me' }, { action: 'RETRY', by: 'me' }, undefined]);
    const [first, other, last] = await queries().actionsOf(['test:a']);
    expect([first!.takenAt !== null, other!.takenAt, last!.takenAt !== null]).toEqual([true, null, true]);
  });

  test('still counts after the worker that took it up dies, and stays taken up once', async () => {
    await decide('test:b', ['SKIP', 'one']);
    await queries().verdict('test:b', 'one');
    const [before] = await queries().actionsOf(['test:b']);
    expect(await queries().verdict('test:b', 'one')).toEqual({ action: 'SKIP', by: 'me' });
    expect(await queries().actionsOf(['test:b'])).toEqual([before]);
  });

  test('cannot be changed or deleted', async () => {
    await decide('test:c', ['SKIP', 'one']);
    const change = (what: string) => sql.raw(what).execute(shop.kysely);
    for (const statement of [
      `update orchestration.saga_action set reason = 'other' where saga_id = 'test:c'`,
      `update orchestration.saga_action set taken_at = now(), action = 'RETRY' where saga_id = 'test:c'`,
      `update orchestration.saga_action set taken_at = now() where saga_id = 'test:b'`,
      `delete from orchestration.saga_action where saga_id = 'test:c'`,
      'truncate orchestration.saga_action',
    ])
      await expect(change(statement)).rejects.toThrow('append-only');
  });
});

test('a step that keeps failing publishes one alert, without the text of the error', async () => {
  await breakIt('reserve');
  const { sagaId, orderId } = await failing();
  const attempts = (count: number) =>
    sql`update orchestration.saga_attempt set attempts = ${count} where saga_id = ${sagaId}`.execute(shop.kysely);
  const alerts = () =>
    shop.kysely
      .selectFrom('platform.event_log')
      .select(['payload', 'aggregate_id'])
      .where('type', '=', 'agent.error_detected')
      .where(sql<string>`payload->'context'->>'sagaId'`, '=', sagaId)
      .execute();
  const failsAgain = async () => {
    const before = (await sagaOf(sagaId)).steps[0].attempts;
    await ask('retrySagaStep', { sagaId });
    await untilAnswer(
      () => sagaOf(sagaId),
      ({ steps }) => steps[0].attempts > before,
      'it does not fail again',
    );
  };
  await attempts(1);
  await failsAgain();
  expect(await alerts()).toEqual([]);
  await attempts(STUCK_AFTER);
  await failsAgain();
  await untilAnswer(alerts, (found) => found.length > 0, 'nobody is called');
  await failsAgain();
  const found = await alerts();
  expect(found).toEqual([
    {
      aggregate_id: expect.stringMatching(/^error_/),
      payload: {
        errorId: found[0]!.aggregate_id,
        agentId: 'inventory',
        errorType: 'COMMAND_FAILED',
        errorMessage: expect.stringMatching(/^The step "reserve" of the saga placeOrder has failed \d+ times\.$/),
        severity: 'HIGH',
        context: { sagaId, step: 'reserve', attempts: expect.any(String) },
        timestamp: expect.any(String),
      },
    },
  ]);
  expect(JSON.stringify(found)).not.toContain('ada@');
  await mend();
  await done(ask('retrySagaStep', { sagaId }, admin));
  await settled(shop, orderId, 'PROCESSING');
});
