/**
 * Outbound webhooks of an agent, after Standard Webhooks 1.0 (https://www.standardwebhooks.com): what happens is sent to
 * receivers outside, signed, with retries, in order for each aggregate, and from a place in the log again.
 *
 * 1. The agent's consumer records an event for every endpoint that wants it (record.ts), or a replay does (catch-up.ts).
 * 2. The sender of each process sends what is due (sender.ts) and judges the answers (schedule.ts).
 * 3. The owners see every delivery with its attempts, and can have one sent again (deliveries.ts).
 */
import type { AgentContext } from '../agent/agent-context.ts';
import { agentEvents } from '../agent/agent-events.ts';
import type { BackgroundTask, ScheduledJob } from '../agent/define-agent.ts';
import type { EventHandler } from '../consumers/handler.ts';
import type { EventDefinition } from '../events/define-event.ts';
import { collectAtScrape } from '../telemetry/collectors.ts';
import { catchingUp, REPLAY_PAGE } from './catch-up.ts';
import { deliveryDesk } from './deliveries.ts';
import type { EndpointDisabled } from './endpoint-disabled.ts';
import { type EndpointService, endpointService } from './endpoints.ts';
import type { OutboundTables } from './entities.ts';
import { type OfferedType, offeredTypes } from './event-types.ts';
import { forgetDeliveries } from './forget.ts';
import { outboundSql } from './outbound-sql.ts';
import { createTransport, TIMEOUT_MS } from './post.ts';
import type { Allowed } from './reach.ts';
import { recordingHandlers } from './record.ts';
import { resealEndpoints } from './reseal.ts';
import { OUTBOUND_GAUGES, outboundSamples } from './samples.ts';
import { Sender } from './sender.ts';
import { sweepLanes } from './sweep-lanes.ts';

/** Milliseconds for which gauges are cached. */
const FRESH_MS = 5000;
/** How many timeouts of an attempt a claim lasts: its end is to be noted in time on a busy machine, too. */
const LEASES = 2;

/** Options of an agent's outbound webhooks. */
export interface OutboundOptions {
  /** The agent's name: its schema, and its consumer. */
  agent: string;
  /** The event of an endpoint that was disabled by itself. */
  disabled: EventDefinition<EndpointDisabled>;
  /** Addresses that endpoints of the house may have beyond public ones. Those of merchants have the loopback alone. */
  allowed: Allowed;
  /** Days without a success after which an endpoint is disabled. */
  failingDays: number;
  /** Retention of deliveries, in days. */
  keptDays: number;
  /** Timeout of an attempt, in milliseconds. @default TIMEOUT_MS */
  timeoutMs?: number;
  /** Events that a replay reads in one transaction. @default REPLAY_PAGE */
  replayPage?: number;
}

/** An agent's outbound webhooks. */
export interface Outbound {
  endpoints: EndpointService;
  deliveries: ReturnType<typeof deliveryDesk>;
  /** The event types that endpoints may ask for. */
  types: readonly OfferedType[];
  /** Has the sender of this process look for due deliveries at once. */
  wake(): void;
  /** Add them to the agent's `moreHandlers`. */
  handlers: readonly EventHandler[];
  /** Add them to the agent's background tasks. */
  backgroundTasks: readonly BackgroundTask[];
  /** Add them to the agent's scheduled jobs. */
  scheduledJobs: readonly ScheduledJob[];
}

/** Creates an agent's outbound webhooks. Its definition must say `outbound: true`, which gives it their tables. */
export function createOutbound(context: AgentContext, options: OutboundOptions): Outbound {
  const {
    agent,
    disabled,
    allowed,
    failingDays,
    keptDays,
    timeoutMs = TIMEOUT_MS,
    replayPage: page = REPLAY_PAGE,
  } = options;
  const { store, clock, eventCheck, allAgents } = context;
  const db = store.read.withTables<OutboundTables>();
  const sql = outboundSql(agent);
  const offered = offeredTypes([...agentEvents, ...allAgents.flatMap(({ emits }) => emits)]);
  const types = offered.map(({ type }) => type);
  const onDue = (): void => sender.wake();

  const publicOnly: Allowed = { loopback: allowed.loopback };
  const allowedFor = ({ merchantId }: { merchantId: string | null }): Allowed =>
    merchantId === null ? allowed : publicOnly;
  const ways = new Map([allowed, publicOnly].map((each) => [each, createTransport(each, timeoutMs)]));

  const endpoints = endpointService({ ...context, agent, sql, offered, allowedFor, disabled, onDue });
  const sender = new Sender({
    ...context,
    agent,
    sql,
    failingDays,
    leaseMs: LEASES * timeoutMs,
    transportFor: (endpoint) => ways.get(allowedFor(endpoint))!,
    catchUp: catchingUp({ agent, store, clock, eventCheck, sql, types, page }),
    disable: endpoints.disable,
  });

  return {
    endpoints,
    deliveries: deliveryDesk({ store, clock, sql, onDue }),
    types: offered,
    wake: onDue,
    handlers: recordingHandlers({ types, sql, clock, onRecorded: onDue }),
    backgroundTasks: [
      {
        name: 'send webhooks',
        async run(signal) {
          const endCollecting = collectAtScrape({
            name: `outbound webhooks of ${agent}`,
            gauges: OUTBOUND_GAUGES,
            freshMs: FRESH_MS,
            collect: () => outboundSamples(agent, db, clock),
          });
          try {
            await sender.run(signal);
          } finally {
            endCollecting();
            for (const way of ways.values()) way.close();
          }
        },
      },
    ],
    scheduledJobs: [
      {
        name: 'forget deliveries',
        everySeconds: 3600,
        async run(signal) {
          await forgetDeliveries(db, { now: clock.now(), keptDays, signal });
          await sweepLanes({ store, sql }, signal);
        },
      },
      { name: 'reseal endpoints', everySeconds: 3600, run: (signal) => resealEndpoints(context, signal) },
    ],
  };
}
