import { setTimeout as sleep } from 'node:timers/promises';
import { type Kysely, sql } from 'kysely';
import { newId } from '../../../platform/ids.ts';
import { done } from '../../support/shop.ts';
import { type Buyer, buyer } from '../buyers.ts';
import { onProcess, type ProcessRun } from '../process-run.ts';
import type { Findings, Run, Scenario } from '../scenario.ts';
import { settle } from '../settle.ts';
import { untilAnswer } from '../../support/until.ts';

/** The share of the crowd that are buyers at their bank; the others are stuck. */
const AT_THEIR_BANK = 0.5;
/** Sagas that were parked long ago, and are due tomorrow, for each of the crowd. */
const PARKED = 20;
/** Orders sent at the same time. */
const AT_ONCE = 25;
/** How long the waiting sagas are watched for being taken up, in milliseconds. */
const WATCHED_MS = 5000;
const PATIENCE_MS = 600_000;
/** Id prefix of stuck orders: their goods are refused, and they cannot be cancelled, since they do not exist. */
const STUCK = 'order_stuck_';
const SINCE_LONG = 'order_parked_';

export const waitingCrowd: Scenario = {
  name: 'waiting-crowd',
  does: 'Buyers who never come back from their bank, stuck sagas and many more parked ones, with a `kill -9` in the middle: what others order and cancel is compared with and without them.',
  long: { orders: 20, faults: 1000 },
  short: { orders: 4, faults: 40 },
  run: (run) => onProcess({}, (ground) => crowd(run, ground)),
};

async function crowd(run: Run, ground: ProcessRun): Promise<Findings> {
  const { orders, faults, say, history } = run;
  const { shop, variantId } = ground;
  const violations: string[] = [];
  await latency(); // The first of each takes longer.
  const alone = await figures();
  const buyers = await gather();
  say(`the crowd is there: ${JSON.stringify(await counts(shop.kysely))}`);
  const beside = await figures();
  await unmoved('while others order');
  await shop.kill();
  await shop.restart();
  const restarted = await figures();
  await unmoved('after a restart');
  await disperse();
  const settled = await settle(shop.kysely, history.entries);
  return {
    ...settled,
    violations: [...violations, ...settled.violations],
    faults: `${faults} who wait or are stuck, ${faults * PARKED} parked, 1 kill`,
    notes: `an order took ${ratio('order')}, a cancellation ${ratio('cancellation')}`,
  };

  function ratio(what: 'order' | 'cancellation'): string {
    const times = [alone, beside, restarted].map((each) => Math.round(each[what]));
    return `${times[0]} ms alone, ${times[1]} ms beside them (${(times[1]! / times[0]!).toFixed(1)}), ${times[2]} ms after the restart (${(times[2]! / times[0]!).toFixed(1)})`;
  }

  /** The median of several orders and of their cancellations, from the request to the end of their sagas. */
  async function figures(): Promise<{ order: number; cancellation: number }> {
    const waited = await waiting(shop.kysely);
    const all: { order: number; cancellation: number }[] = [];
    for (let n = 0; n < orders; n++) all.push(await latency());
    const still = await waiting(shop.kysely);
    if (still < waited) violations.push(`of ${waited} that waited only ${still} did when the others had ended`);
    return { order: middle(all.map((each) => each.order)), cancellation: middle(all.map((each) => each.cancellation)) };
  }

  async function latency(): Promise<{ order: number; cancellation: number }> {
    const one = buyer(shop, history, { token: 'tok_ok', variantId, ends: 'CANCELLED' });
    const began = performance.now();
    const orderId = await one.insist();
    await ended(`placeOrder:${orderId}`);
    const ordered = performance.now();
    await cancel(one, orderId!);
    await ended(`cancelOrder:${orderId}`);
    return { order: ordered - began, cancellation: performance.now() - ordered };
  }

  async function gather(): Promise<Map<string, Buyer>> {
    const all = new Map<string, Buyer>();
    const many = Math.ceil(faults * AT_THEIR_BANK);
    while (all.size < many) {
      const some = Array.from({ length: Math.min(AT_ONCE, many - all.size) }, () =>
        buyer(shop, history, { token: 'tok_3ds', variantId, ends: 'CANCELLED' }),
      );
      const ids = await Promise.all(some.map((one) => one.insist(PATIENCE_MS)));
      for (const [n, one] of some.entries()) all.set(ids[n]!, one);
    }
    await stuck(shop.kysely, faults - many, variantId);
    await untilAnswer(
      () => waiting(shop.kysely),
      (count) => count === faults,
      'the crowd is not parked',
      PATIENCE_MS,
    );
    await parkedLongAgo(shop.kysely, faults * PARKED);
    return all;
  }

  /** Checks that waiting sagas are not taken up, and stuck ones are tried ever more seldom. */
  async function unmoved(when: string): Promise<void> {
    const before = await touched(shop.kysely);
    await sleep(WATCHED_MS);
    const after = await touched(shop.kysely);
    if (after !== before) violations.push(`${when} sagas that wait for nobody's word were taken up`);
  }

  /** Ends the crowd: the buyers cancel, and the made-up sagas are deleted. */
  async function disperse(): Promise<void> {
    await sql`delete from dbos.workflow_status where workflow_uuid like ${`placeOrder:${SINCE_LONG}%`}`.execute(
      shop.kysely,
    );
    await sql`delete from platform.saga_wait where saga_id like ${`placeOrder:${SINCE_LONG}%`}`.execute(shop.kysely);
    const left = [...buyers];
    while (left.length) await Promise.all(left.splice(0, AT_ONCE).map(([orderId, one]) => cancel(one, orderId)));
    await untilAnswer(
      () => countOf(shop.kysely, 'order_0'),
      (count) => count === 0,
      'buyers are left',
      PATIENCE_MS,
    );
    await sql`delete from dbos.workflow_status where workflow_uuid like ${`placeOrder:${STUCK}%`}`.execute(shop.kysely);
  }

  async function cancel({ as }: Buyer, orderId: string): Promise<void> {
    const mutation = `mutation ($input: CancelOrderInput!) { cancelOrder(input: $input) { userErrors { code } } }`;
    await done(shop.ask(mutation, { input: { orderId, idempotencyKey: newId('key') } }, as));
  }

  async function ended(id: string): Promise<void> {
    const ended = sql`select from dbos.workflow_status where workflow_uuid = ${id} and status = 'SUCCESS'`;
    await untilAnswer(
      async () => (await ended.execute(shop.kysely)).rows.length,
      (count) => count > 0,
      `${id} has not ended`,
      PATIENCE_MS,
    );
  }
}

/** Starts sagas that come to `reserve`, which refuses, and then to the cancelling of an order that does not exist. */
async function stuck(kysely: Kysely<any>, count: number, variantId: string): Promise<void> {
  const input = { customerId: null, amount: '1.00', currency: 'EUR', paymentToken: 'tok_ok' };
  await sql`select platform.start_saga('placeOrder.v2', 'placeOrder:' || ${STUCK} || n,
      (${JSON.stringify(input)}::jsonb || jsonb_build_object('orderId', ${STUCK} || n,
        'lines', jsonb_build_array(jsonb_build_object('variantId', ${variantId}::text, 'quantity', 0))))::json, 'sagas', 'sagas')
    from generate_series(1, ${count}) n`.execute(kysely);
}

/** Copies a parked saga under other names, parked until tomorrow. */
async function parkedLongAgo(kysely: Kysely<any>, count: number): Promise<void> {
  const { rows } = await sql<{ id: string }>`
    select saga_id as id from platform.saga_wait where topic is not null limit 1`.execute(kysely);
  const like = rows[0]!.id;
  const until = Date.now() + 86_400_000;
  const names = sql`(select 'placeOrder:' || ${SINCE_LONG} || n as id from generate_series(1, ${count}) n) named`;
  await sql`insert into dbos.workflow_status select (w).* from ${names}, lateral
    (select jsonb_populate_record(s, jsonb_build_object('workflow_uuid', named.id, 'delay_until_epoch_ms', ${until}::bigint)) as w
       from dbos.workflow_status s where workflow_uuid = ${like}) copied`.execute(kysely);
  await sql`insert into dbos.workflow_input select (w).* from ${names}, lateral
    (select jsonb_populate_record(s, jsonb_build_object('workflow_uuid', named.id)) as w
       from dbos.workflow_input s where workflow_uuid = ${like}) copied`.execute(kysely);
  await sql`insert into platform.saga_wait (saga_id, step, attempts, until, topic)
    select named.id, step, attempts, now() + interval '1 day', topic from ${names}, platform.saga_wait where saga_id = ${like}`.execute(
    kysely,
  );
}

/** Number of sagas with this prefix of their subject that have not ended. */
async function countOf(kysely: Kysely<any>, prefix: string): Promise<number> {
  const { rows } = await sql<{ n: number }>`select count(*)::int as n from dbos.workflow_status
    where workflow_uuid like ${`placeOrder:${prefix}%`} and status <> 'SUCCESS'`.execute(kysely);
  return rows[0]!.n;
}

/** Number of sagas of the crowd that have not ended. One of the stuck may be under way at the moment. */
async function waiting(kysely: Kysely<any>): Promise<number> {
  const { rows } = await sql<{ n: number }>`select count(*)::int as n from dbos.workflow_status
    where status in ('DELAYED', 'ENQUEUED', 'PENDING') and workflow_uuid not like ${`placeOrder:${SINCE_LONG}%`}
      and exists (select from platform.saga_wait where saga_id = workflow_uuid)`.execute(kysely);
  return rows[0]!.n;
}

/** A figure that changes when a saga that waits for a message is taken up. */
async function touched(kysely: Kysely<any>): Promise<string> {
  const { rows } = await sql<{ is: string }>`
    select count(*) || ' ' || sum(s.updated_at) as is from dbos.workflow_status s
      join platform.saga_wait w on w.saga_id = s.workflow_uuid where w.topic is not null and s.status = 'DELAYED'`.execute(
    kysely,
  );
  return rows[0]!.is;
}

async function counts(kysely: Kysely<any>): Promise<Record<string, number>> {
  const { rows } = await sql<{ status: string; n: number }>`
    select status, count(*)::int as n from dbos.workflow_status group by 1`.execute(kysely);
  return Object.fromEntries(rows.map(({ status, n }) => [status, n]));
}

const middle = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!;
