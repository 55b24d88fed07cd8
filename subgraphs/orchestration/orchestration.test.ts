/** Sagas and agents in the graph: real ones, carried out by the engine, behind the gateway. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { AREAS } from '../../platform/agent/define-agent.ts';
import { Actor, ANONYMOUS } from '../../platform/identity/actor.ts';
import { partsOf } from '../../platform/sagas/enqueue.ts';
import { actor, admin, loadAgents, operator, viewer } from '../../tests/support/agents.ts';
import { openPlatform, type TestPlatform } from '../../tests/support/platform.ts';
import { done, forSale, newCustomer, placed, sagaEnds } from '../../tests/support/shop.ts';
import { untilAnswer } from '../../tests/support/until.ts';
import { STUCK_AFTER } from './domain.ts';

let shop: TestPlatform;
let variantId: string;
beforeAll(async () => {
  shop = await openPlatform({ config: { PAYMENT_TIMEOUT_MS: '300' } });
  variantId = await forSale(shop, { stock: 1000 });
});
afterAll(() => shop.close());

const SAGA = `query ($id: ID!) { saga(id: $id) { id name subjectId status refusal startedAt updatedAt steps { name status attempts startedAt completedAt } } }`;
const CANCEL = `mutation ($input: CancelOrderInput!) { cancelOrder(input: $input) { userErrors { code } } }`;
const sagaOf = async (id: string, as: Actor = admin) => (await done(shop.ask(SAGA, { id }, as))).saga;
const place = async (token = 'tok_ok', buyer = newCustomer()) => {
  const { order, saga } = await placed(shop, { lines: [{ variantId, quantity: 1 }], token }, buyer);
  return { orderId: order.id, sagaId: saga.id, buyer };
};
const steps = (saga: { steps: { name: string; status: string }[] }) =>
  saga.steps.map(({ name, status }) => `${name}: ${status}`);

describe('a saga', () => {
  test('that completes shows its steps in order, each tried once', async () => {
    const { sagaId, orderId } = await place();
    await sagaEnds(shop, orderId, 'COMPLETED');
    const saga = await sagaOf(sagaId);
    expect(saga).toMatchObject({
      id: sagaId,
      name: 'placeOrder',
      subjectId: orderId,
      status: 'COMPLETED',
      refusal: null,
    });
    expect(steps(saga)).toEqual(['reserve', 'pay', 'confirm'].map((name) => `${name}: DONE`));
    for (const step of saga.steps) {
      expect(step.attempts).toBe(1);
      expect(step.startedAt <= step.completedAt).toBe(true);
    }
    expect(saga.startedAt <= saga.updatedAt).toBe(true);
  });

  test('that was refused shows the refusal, and every undo in reverse', async () => {
    const { sagaId, orderId } = await place('tok_declined');
    await sagaEnds(shop, orderId, 'COMPENSATED');
    const saga = await sagaOf(sagaId);
    expect(saga.refusal).toBe('PAYMENT_DECLINED');
    expect(steps(saga)).toEqual([
      'reserve: DONE',
      'pay: REFUSED',
      'undo pay: DONE',
      'undo reserve: DONE',
      'cancel: DONE',
    ]);
  });

  test('that waits for a buyer is WAITING, and shows no step of the engine', async () => {
    const { sagaId, orderId } = await place('tok_3ds');
    await untilAnswer(
      () => sagaOf(sagaId),
      ({ status }) => status === 'WAITING',
      'the buyer is not waited for',
    );
    const saga = await sagaOf(sagaId);
    expect(steps(saga)).toEqual(['reserve: DONE', 'pay: DONE', 'announce action: DONE']);
    await done(shop.ask(CANCEL, { input: { orderId, idempotencyKey: 'enough' } }, admin));
    await sagaEnds(shop, orderId, 'COMPENSATED');
  });

  test('that is a step of another shows its parent and is one of its children, for callers who may see their order', async () => {
    const whole = await place();
    await sagaEnds(shop, whole.orderId, 'COMPLETED');
    const part = `notify:${whole.orderId}/placeOrder/tell`;
    await sql`insert into dbos.workflow_status select (w).* from (select jsonb_populate_record(w, jsonb_build_object(
      'workflow_uuid', ${part}::text, 'parent_workflow_id', ${whole.sagaId}::text)) as w from dbos.workflow_status w
      where workflow_uuid = ${whole.sagaId}) copied`.execute(shop.kysely);
    const family = `query ($id: ID!) { saga(id: $id) { id subjectId parent { id } children { id } } }`;
    const seen = async (id: string, as: Actor) => (await done(shop.ask(family, { id }, as))).saga;
    const subjectId = whole.orderId;
    for (const as of [admin, whole.buyer]) {
      expect(await seen(whole.sagaId, as)).toEqual({
        id: whole.sagaId,
        subjectId,
        parent: null,
        children: [{ id: part }],
      });
      expect(await seen(part, as)).toEqual({ id: part, subjectId, parent: { id: whole.sagaId }, children: [] });
    }
    expect(await seen(part, newCustomer())).toBeNull();
    await sql`delete from dbos.workflow_status where workflow_uuid = ${part}`.execute(shop.kysely);
  });

  test('that no worker has taken yet is PENDING, and one whose end the engine calls an error has FAILED', async () => {
    const id = 'placeOrder:order_untaken';
    await sql`select dbos.enqueue_workflow(workflow_name => 'placeOrder', queue_name => 'nobody', workflow_id => ${id},
      positional_args => array['{}'::json], app_version => 'sagas')`.execute(shop.kysely);
    expect(await sagaOf(id)).toMatchObject({ status: 'PENDING', steps: [] });
    await sql`update dbos.workflow_status set status = 'ERROR' where workflow_uuid = ${id}`.execute(shop.kysely);
    expect(await sagaOf(id)).toMatchObject({ status: 'FAILED' });
  });

  test('whose step fails is RETRYING, STUCK after many attempts, and goes on by itself after the fault', async () => {
    await sql`alter table inventory.reservation rename to away`.execute(shop.kysely);
    const { sagaId, orderId } = await place();
    const failing = await untilAnswer(
      () => sagaOf(sagaId),
      (saga) => saga.steps[0]?.attempts >= 2,
      'the step does not fail',
    );
    expect(failing).toMatchObject({
      status: 'RUNNING',
      refusal: null,
      steps: [{ name: 'reserve', status: 'RETRYING', completedAt: null }],
    });
    const next = async () => {
      const query = `query ($id: ID!) { saga(id: $id) { steps { nextAttemptAt } } }`;
      return (await done(shop.ask(query, { id: sagaId }, admin))).saga.steps[0]?.nextAttemptAt;
    };
    await untilAnswer(next, (at) => Date.parse(at ?? 0) > Date.now(), 'nobody says when it is tried again');
    const attempts = sql`update orchestration.saga_attempt set attempts = ${STUCK_AFTER} where saga_id = ${sagaId}`;
    await attempts.execute(shop.kysely);
    expect((await sagaOf(sagaId)).status).toBe('STUCK');
    await sql`alter table inventory.away rename to reservation`.execute(shop.kysely);
    await sagaEnds(shop, orderId, 'COMPLETED');
    const { steps } = await sagaOf(sagaId);
    expect(steps[0]).toMatchObject({ name: 'reserve', status: 'DONE' });
    expect(steps[0].attempts).toBeGreaterThan(STUCK_AFTER);
    expect(steps[1].attempts).toBe(1);
  });

  const saying = (name: string, table: string, when: string) =>
    sql.raw(`create or replace function public.no() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
      create trigger ${name} before insert or update on ${table} for each row when (${when}) execute function public.no()`);

  test.each([
    ['before the pivot is undone', 'pay', 'payment.payment', 'true', 'COMPENSATED'],
    ['at the pivot goes through', 'confirm', '"order".orders', `new.status = 'PROCESSING'`, 'COMPLETED'],
  ])('that is stuck %s when its order is cancelled', async (_, step, table, when, outcome) => {
    await saying('stuck', table, when).execute(shop.kysely);
    const { sagaId, orderId, buyer } = await place();
    await untilAnswer(
      () => sagaOf(sagaId),
      (saga) => saga.steps.some((each: { name: string; attempts: number }) => each.name === step && each.attempts > 2),
      'the step does not fail',
    );
    await done(shop.ask(CANCEL, { input: { orderId, idempotencyKey: `stuck ${step}` } }, buyer));
    await untilAnswer(
      () => sagaOf(`cancelOrder:${orderId}`),
      (saga) => saga?.status === 'COMPLETED',
      'the cancellation does not end',
    );
    await sagaEnds(shop, orderId, outcome);
    await sql.raw(`drop trigger stuck on ${table}`).execute(shop.kysely);
    const { order } = await done(shop.ask(`query ($id: ID!) { order(id: $id) { status } }`, { id: orderId }, buyer));
    expect(order.status).toBe('CANCELLED');
    const { rows } =
      await sql`select (select count(*)::int from inventory.reservation where reference = ${orderId} and status = 'ACTIVE') as held,
      (select count(*)::int from platform.saga_wait where saga_id = ${sagaId}) as waits`.execute(shop.kysely);
    expect(rows).toEqual([{ held: 0, waits: 0 }]);
  });

  test('shows the error of a failing step to staff only', async () => {
    await sql`alter table inventory.reservation rename to away`.execute(shop.kysely);
    const { sagaId, orderId, buyer } = await place();
    await untilAnswer(
      () => sagaOf(sagaId),
      (saga) => saga.steps.length > 0,
      'the step does not fail',
    );
    const query = `query ($id: ID!) { saga(id: $id) { status steps { name lastError } } }`;
    const seen = await done(shop.ask(query, { id: sagaId }, viewer));
    expect(seen.saga.steps).toEqual([{ name: 'reserve', lastError: expect.stringMatching(/reservation/) }]);
    const hidden = await shop.ask(query, { id: sagaId }, buyer);
    await sql`alter table inventory.away rename to reservation`.execute(shop.kysely);
    expect(hidden.errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    expect(JSON.stringify(hidden)).not.toMatch(/inventory|relation/);
    await sagaEnds(shop, orderId, 'COMPLETED');
    expect((await done(shop.ask(query, { id: sagaId }, viewer))).saga.steps[0].lastError).toBeNull();
  });
});

describe('a saga of an order', () => {
  test('is visible to its buyer, its guest and staff, and to no other caller', async () => {
    const { sagaId, orderId, buyer } = await place();
    await sagaEnds(shop, orderId, 'COMPLETED');
    const guest = (id: string) => actor({ id: `guest:${id}`, roles: ['GUEST'], orderId: id });
    const merchant = actor({ roles: ['MERCHANT'], merchantId: 'merchant_test' });
    const seers: [Actor, boolean][] = [
      [buyer, true],
      [guest(orderId), true],
      [operator, true],
      [viewer, true],
      [newCustomer(), false],
      [guest('order_other'), false],
      [merchant, false],
    ];
    for (const [who, sees] of seers)
      expect([who.id, (await sagaOf(sagaId, who))?.id]).toEqual([who.id, sees ? sagaId : undefined]);
    const nobody = await shop.ask(SAGA, { id: sagaId });
    expect(nobody.errors?.[0]?.extensions?.code).toBe('UNAUTHENTICATED');
    expect(nobody.data?.saga ?? null).toBeNull();
  });

  test('is not found by an id that only resembles its own', async () => {
    const { orderId, buyer } = await place();
    for (const id of [orderId, `:${orderId}`, `placeOrder:${orderId}:x`, `other:${orderId}`, 'nothing', '']) {
      expect(await sagaOf(id, buyer)).toBeNull();
    }
  });

  test('comes with the answer to the order, also for a guest, who has no token yet', async () => {
    const place = `mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) { order { id } saga { id } userErrors { code } } }`;
    const address = { name: 'A', line1: 'B', city: 'C', postcode: '75002', country: 'FR' };
    const input = {
      lines: [{ variantId, quantity: 1 }],
      email: 'a@example.com',
      shippingAddress: address,
      payment: { token: 'tok_ok' },
      idempotencyKey: 'guest',
    };
    const { placeOrder } = await done(shop.ask(place, { input }));
    expect(placeOrder.saga.id).toBe(`placeOrder:${placeOrder.order.id}`);
    await sagaEnds(shop, placeOrder.order.id, 'COMPLETED');
  });
});

describe('the list of sagas', () => {
  const LIST = `query ($first: Int, $after: String, $name: String) { sagas(first: $first, after: $after, filter: { name: $name }) {
    nodes { id name startedAt } pageInfo { hasNextPage endCursor } totalCount } }`;

  test('is read page by page, each saga once, the latest first, and is filtered by name', async () => {
    for (let n = 0; n < 3; n++) await place();
    const { orderId } = await place();
    await done(shop.ask(CANCEL, { input: { orderId, idempotencyKey: 'x' } }, operator));
    const seen: { id: string; name: string; startedAt: string }[] = [];
    for (let after: string | null = null; ; ) {
      const { sagas } = await done(shop.ask(LIST, { first: 2, after }, viewer));
      seen.push(...sagas.nodes);
      expect(sagas.totalCount).toBeGreaterThanOrEqual(5);
      if (!sagas.pageInfo.hasNextPage) break;
      after = sagas.pageInfo.endCursor;
    }
    expect(new Set(seen.map(({ id }) => id)).size).toBe(seen.length);
    expect(seen.map(({ startedAt }) => startedAt)).toEqual(
      seen
        .map(({ startedAt }) => startedAt)
        .sort()
        .reverse(),
    );
    for (const { id, name } of seen) expect(name).toBe(partsOf(id).name);
    const { sagas: cancelling } = await done(shop.ask(LIST, { first: 100, name: 'cancelOrder' }, viewer));
    expect(cancelling.nodes[0].id).toBe(`cancelOrder:${orderId}`);
    expect(new Set(cancelling.nodes.map(({ name }: { name: string }) => name))).toEqual(new Set(['cancelOrder']));
    // The whole name, whatever the version.
    for (const name of ['none', 'place', 'placeOrder.v2', 'placeOrder:', '%'])
      expect((await done(shop.ask(LIST, { first: 100, name }, viewer))).sagas).toMatchObject({
        nodes: [],
        totalCount: 0,
      });
    expect((await done(shop.ask(LIST, { first: 100, name: 'placeOrder' }, viewer))).sagas.nodes.length).toBeGreaterThan(
      3,
    );
  });

  test.each([
    ['a customer', newCustomer(), 'FORBIDDEN'],
    ['nobody', ANONYMOUS, 'UNAUTHENTICATED'],
  ])('is not for %s', async (_, who, code) => {
    const { data, errors } = await shop.ask(LIST, {}, who === ANONYMOUS ? undefined : who);
    expect(data?.sagas ?? null).toBeNull();
    expect(errors?.[0]?.extensions?.code).toBe(code);
  });

  test('has pages of at most a hundred', async () => {
    expect((await shop.ask(LIST, { first: 101 }, viewer)).errors?.[0]?.extensions?.code).toBe('BAD_USER_INPUT');
  });
});

describe('the agents', () => {
  const AGENTS = `query ($area: AgentArea) { agents(area: $area) { id name area status degradation description skills { id name description } heartbeatAt } }`;
  const agents = async (area?: string) => (await done(shop.ask(AGENTS, { area }, viewer))).agents;

  const names = async (area?: string): Promise<string[]> =>
    (await loadAgents())
      .filter((agent) => area === undefined || agent.area.toUpperCase() === area)
      .map(({ name }) => name)
      .sort();

  test('are all there and running, each with its skills', async () => {
    const all = await agents();
    expect(all.map(({ id }: { id: string }) => id).sort()).toEqual(await names());
    for (const agent of all) {
      expect(agent).toMatchObject({ status: 'RUNNING', degradation: 0 });
      expect(agent.skills.length).toBeGreaterThan(0);
    }
  });

  test('are listed by their area', async () => {
    expect(await names('COMMERCE')).toContain('order');
    for (const area of AREAS.map((one) => one.toUpperCase())) {
      const some = await agents(area);
      expect(some.map(({ id }: { id: string }) => id)).toEqual(await names(area));
      expect(some.every((agent: { area: string }) => agent.area === area)).toBe(true);
    }
  });

  test('are found by name, and callers who are not staff are refused', async () => {
    const AGENT = 'query ($id: ID!) { agent(id: $id) { id area } }';
    expect((await done(shop.ask(AGENT, { id: 'order' }, viewer))).agent).toEqual({ id: 'order', area: 'COMMERCE' });
    expect((await done(shop.ask(AGENT, { id: 'nobody' }, viewer))).agent).toBeNull();
    expect((await shop.ask(AGENT, { id: 'order' }, newCustomer())).errors?.[0]?.extensions?.code).toBe('FORBIDDEN');
  });
});
