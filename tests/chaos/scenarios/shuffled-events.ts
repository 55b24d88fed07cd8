import { type Kysely, sql } from 'kysely';
import { openWork } from '../../../platform/store/store.ts';
import { START } from '../../../platform/events/cursor.ts';
import { append, type LoggedEvent, readLog } from '../../../platform/events/event-log.ts';
import type { EventHandler } from '../../../platform/consumers/handler.ts';
import { loadAgents } from '../../../subgraphs/index.ts';
import { openPlatform } from '../../support/platform.ts';
import { forSale } from '../../support/shop.ts';
import { buyer } from '../buyers.ts';
import type { Draw } from '../draw.ts';
import { PLENTY } from '../process-run.ts';
import type { Run, Scenario } from '../scenario.ts';
import { settle } from '../settle.ts';

const TOKENS = ['tok_ok', 'tok_ok', 'tok_declined', 'tok_capture_fails'];
const TIMES = 3;

export const shuffledEvents: Scenario = {
  name: 'shuffled-events',
  does: 'Every event of the log, three times over and shuffled, to every handler: once after they were handled, and once to an inbox that is empty.',
  long: { orders: 300, faults: 3 },
  short: { orders: 12, faults: 1 },

  async run({ orders, faults, draw, history }: Run) {
    const { receivers, stop } = await watchHandlers();
    const shop = await openPlatform();
    stop();
    try {
      const variantId = await forSale(shop, { stock: PLENTY });
      await Promise.all(
        Array.from({ length: orders }, () => buyer(shop, history, { token: draw.oneOf(TOKENS), variantId }).insist()),
      );
      const settled = await settle(shop.kysely, history.entries);
      const log = await wholeLog(shop.kysely);
      let deliveries = 0;
      for (let fault = 0; fault < faults; fault++) {
        deliveries += await compare('again', shop.kysely, settled.violations, () =>
          deliver(shop.kysely, receivers, log, draw),
        );
        deliveries += await compare('from nothing', shop.kysely, settled.violations, async () => {
          await forgetMessages(shop.kysely);
          return deliver(
            shop.kysely,
            receivers.filter(({ agent }) => agent === 'notification'),
            log,
            draw,
          );
        });
      }
      return { ...settled, faults: `${deliveries} deliveries of ${log.length} events` };
    } finally {
      await shop.close();
    }
  },
};

interface Receiver {
  agent: string;
  handlers: readonly EventHandler[];
}

/** Records the handlers of every agent that has any, as its host builds them from here on. */
async function watchHandlers(): Promise<{ receivers: Receiver[]; stop(): void }> {
  const receivers: Receiver[] = [];
  const restore = (await loadAgents()).map((definition) => {
    const { name: agent, build } = definition;
    definition.build = (ground) => {
      const parts = build(ground);
      if (parts.handlers?.length) receivers.push({ agent, handlers: parts.handlers });
      return parts;
    };
    return () => void (definition.build = build);
  });
  return { receivers, stop: () => restore.forEach((undo) => undo()) };
}

async function wholeLog(kysely: Kysely<any>): Promise<LoggedEvent[]> {
  const events: LoggedEvent[] = [];
  for (let at = START; ; ) {
    const page = await readLog(kysely, at, { limit: 1000 });
    events.push(...page.events);
    if (page.scanned === 0) return events;
    at = page.next;
  }
}

/** Delivers every event several times in random order. Returns the number of deliveries. */
async function deliver(kysely: Kysely<any>, receivers: readonly Receiver[], log: readonly LoggedEvent[], draw: Draw) {
  let deliveries = 0;
  for (const { agent, handlers } of receivers) {
    const copies = Array.from({ length: TIMES }, () => log).flat();
    for (const event of draw.shuffled(copies)) {
      const handler = handlers.find(({ type }) => type === event.type);
      if (!handler) continue;
      deliveries++;
      await kysely.transaction().execute(async (transaction) => {
        const session = openWork({ agent, transaction, origin: { causationId: event.id } });
        await handler.handle(session.work, event);
        await append(transaction, session.events);
      });
    }
  }
  return deliveries;
}

const forgetMessages = (kysely: Kysely<any>) =>
  kysely.transaction().execute(async (transaction) => {
    await sql`delete from notification.message`.execute(transaction);
    await sql`delete from platform.event_log where type = 'notification.requested'`.execute(transaction);
  });

/** Delivers, and reports each table that is different afterwards. */
async function compare(when: string, kysely: Kysely<any>, violations: string[], work: () => Promise<number>) {
  const before = await stateOf(kysely);
  const deliveries = await work();
  const after = await stateOf(kysely);
  for (const [name, was] of Object.entries(before)) {
    if (JSON.stringify(was) !== JSON.stringify(after[name]))
      violations.push(
        `delivered ${when}, ${name} became ${JSON.stringify(after[name])}, not ${JSON.stringify(was)}`.slice(0, 500),
      );
  }
  return deliveries;
}

/** All that handlers may write, without the ids and times that each delivery would make anew. */
async function stateOf(kysely: Kysely<any>): Promise<Record<string, unknown>> {
  const { rows } = await sql<{ state: Record<string, unknown> }>`
    select jsonb_build_object(
      'the inbox', (select jsonb_agg(jsonb_build_array(customer_id, event_id, order_id, template, parameters) order by event_id) from notification.message),
      'the log', (select jsonb_object_agg(type, n) from (select type, count(*) as n from platform.event_log
                    where type not like 'agent.%' group by type) counted),
      'the orders', (select jsonb_agg(jsonb_build_array(id, status, payment_status, version) order by id) from "order".orders),
      'the stock', (select jsonb_agg(jsonb_build_array(variant_id, on_hand, reserved) order by variant_id) from inventory.stock_level),
      'the payments', (select jsonb_agg(jsonb_build_array(id, status, pending, version) order by id) from payment.payment),
      'the sagas', (select jsonb_agg(jsonb_build_array(workflow_uuid, status) order by workflow_uuid) from dbos.workflow_status)
    ) as state`.execute(kysely);
  return rows[0]!.state;
}
