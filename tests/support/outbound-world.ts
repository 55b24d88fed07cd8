/** The small agent with outbound webhooks that run on a clock of the test's, and real receivers. */
import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import { FixedClock } from '../../platform/clock.ts';
import { newId } from '../../platform/ids.ts';
import type { Outbound } from '../../platform/outbound/outbound.ts';
import { operator } from './actors.ts';
import { runOutbound, smallOutbound, type SmallOutboundOptions } from './outbound-fixture.ts';
import { openSmallAgent, type SmallAgent } from './small-agent.ts';
import { until } from './until.ts';
import { openReceiver, type Receiver } from './webhook-receiver.ts';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** The request of an operator. */
export const byOperator = { actor: operator, correlationId: 'req_1' };
/** A new idempotency key. */
export const once = () => ({ idempotencyKey: newId('key') });

/** An endpoint with its receiver. */
export interface Receiving {
  receiver: Receiver;
  id: string;
  secret: string;
}

/** Outbound webhooks under test. */
export interface OutboundWorld {
  small: SmallAgent;
  clock: FixedClock;
  outbound: Outbound;
  /** An endpoint whose receiver accepts all that comes. */
  receive(eventTypes?: string[], merchantId?: string | null): Promise<Receiving>;
  /** A receiver without an endpoint. */
  open(): Promise<Receiver>;
  /** Waits until all events are recorded, and nothing is due or under way. */
  settled(): Promise<void>;
  /** Moves the clock, and waits as {@link settled}. */
  advance(ms: number): Promise<void>;
  // biome-ignore lint/suspicious/noExplicitAny: a test names the columns it reads
  query(text: string, values?: unknown[]): Promise<any[]>;
  // biome-ignore lint/suspicious/noExplicitAny: a test names the columns it reads
  endpointOf(id: string): Promise<any>;
  /** The deliveries of an endpoint, in their order. */
  // biome-ignore lint/suspicious/noExplicitAny: a test names the columns it reads
  deliveries(id: string): Promise<any[]>;
  /** Runs a scheduled job now. */
  runJob(name: string): Promise<void>;
  /** Has all that follows a cursor or a time replayed to an endpoint. */
  replay(endpointId: string, from?: { after?: string; since?: Date }): Promise<string>;
  /** Ends what runs, and goes on with these options. */
  restart(options?: SmallOutboundOptions): Promise<void>;
}

/** Opens the world for the tests of one file: each begins with an empty log and without endpoints. */
export function outboundWorld(options: SmallOutboundOptions = {}): OutboundWorld {
  let receivers: Receiver[] = [];
  let running: { stop(): Promise<void> } | undefined;

  const query: OutboundWorld['query'] = async (text, values = []) =>
    (await world.small.database.pool.query(text, values)).rows;

  const world: OutboundWorld = {
    small: undefined as never,
    query,
    clock: new FixedClock(),
    outbound: undefined as never,

    async open() {
      const receiver = await openReceiver();
      receivers.push(receiver);
      return receiver;
    },
    async receive(eventTypes = ['note.*'], merchantId = null) {
      const receiver = await world.open();
      const input = { url: receiver.url, description: '', eventTypes, ...once() };
      const { endpointId, secret } = await world.outbound.endpoints.create(input, merchantId, byOperator);
      return { receiver, id: endpointId, secret: secret! };
    },

    async settled() {
      await until('all events are consumed', async () => {
        const [{ behind }] =
          await query(`select count(*)::int as behind from platform.event_log e, platform.log_cursor c
          where (e.xid, e.position) > (c.xid, c.position) and e.type = any(c.types)`);
        return behind === 0;
      });
      world.outbound.wake();
      await until('nothing is due', async () => {
        const rows = await query(
          `select from small.outbound_endpoint e left join small.outbound_lane l on l.endpoint_id = e.id
            where e.status = 'ENABLED'
              and (e.replay_after is not null or l.claim is not null
                or l.due_at <= $1 and coalesce(e.resumes_at <= $1, true))`,
          [world.clock.now()],
        );
        return rows.length === 0;
      });
    },
    async advance(ms) {
      world.clock.advance(ms);
      await world.settled();
    },

    endpointOf: async (id) => (await query('select * from small.outbound_endpoint where id = $1', [id]))[0],
    deliveries: (id) => query('select * from small.outbound_delivery where endpoint_id = $1 order by place', [id]),
    runJob: (name) =>
      world.outbound.scheduledJobs
        .find((job) => job.name === name)!
        .run(new AbortController().signal, world.small.kysely),

    replay: (endpointId, from = { since: new Date(0) }) =>
      world.outbound.endpoints.replay({ endpointId, ...from, ...once() }, byOperator, 'ALL'),

    async restart(more) {
      await running?.stop();
      world.outbound = smallOutbound(world.small, { ...options, clock: world.clock, ...more });
      running = await runOutbound(world.small, world.outbound);
    },
  };

  beforeAll(async () => {
    world.small = await openSmallAgent();
  });
  afterAll(() => world.small?.database.drop());
  beforeEach(async () => {
    await world.small.empty();
    await query('truncate small.outbound_endpoint cascade');
    world.clock = new FixedClock('2026-06-01T12:00:00Z');
    await world.restart();
  });
  afterEach(async () => {
    await Promise.all(receivers.map((receiver) => receiver.close()));
    receivers = [];
    await running?.stop();
    running = undefined;
  });
  return world;
}

/** The versions of each aggregate, in the order in which its events came. */
export const versionsOf = (received: Receiver['accepted']): Map<string, number[]> =>
  new Map(
    [...Map.groupBy(received, ({ event }) => event.subject)].map(([subject, some]) => [
      subject,
      some.map(({ event }) => event.aggregateversion),
    ]),
  );

/** 1, 2, 3 and so on. */
export const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n + 1);
