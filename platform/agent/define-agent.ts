import type { EntitySchema } from '@mikro-orm/core';
import type { Kysely } from 'kysely';
import type { z } from 'zod';
import { tableOf } from '../data/entity-table.ts';
import { isThrough, type OwnTables } from '../data/own-rows.ts';
import type { EventDefinition } from '../events/define-event.ts';
import type { RoomResolvers } from '../graphql/resolvers.ts';
import type { Grants } from '../identity/roles.ts';
import type { RoomClaims } from '../identity/room-claims.ts';
import { bindHandlers, type EventHandler } from '../consumers/handler.ts';
import type { Backfill } from '../consumers/backfill.ts';
import type { Beginning } from '../consumers/cursor-row.ts';
import type { Projection } from '../projections/projection.ts';
import type { SagaDefinition } from '../sagas/define-saga.ts';
import type { WorkerOptions } from '../sagas/worker.ts';
import type { DemoTools } from './demo.ts';
import type { AgentContext } from './agent-context.ts';

/** Groups of agents, for supervision, dashboards and broadcast. */
export const AREAS = ['commerce', 'fulfilment', 'marketing', 'partners', 'service', 'trust', 'system'] as const;

/** One of {@link AREAS}. */
export type Area = (typeof AREAS)[number];

/** A skill of an agent, for people and programs in search of one (A2A 1.0's `AgentSkill`). */
export interface Skill {
  id: string;
  name: string;
  description: string;
}

/** A periodic job of an agent, run by one process at a time. */
export interface ScheduledJob {
  name: string;
  everySeconds: number;
  /** `session` is a dedicated connection for this run, so that session settings hold. */
  run(signal: AbortSignal, session: Kysely<any>): Promise<void>;
}

/** Work of an agent that goes on as long as its process serves. It is started again when it fails. */
export interface BackgroundTask {
  name: string;
  /** Runs until aborted; then it ends the work in hand, and resolves. */
  run(signal: AbortSignal): Promise<void>;
}

/** The parts of an agent, once it is built on its context. */
export interface AgentParts {
  /** Resolvers of the agent's subgraph, one object or one per capability; the shared ones are added. */
  resolvers: RoomResolvers;
  /** Handlers of other agents' events: those of its definition, bound to their services. */
  handlers?: readonly EventHandler[];
  /**
   * Reads a page of what was there before its consumer, which is filled with it before it handles its first event, and
   * in place when it is filled again: for books, which nothing replaces. Tables of others' data are `projections`.
   */
  backfill?: Backfill;
  scheduledJobs?: readonly ScheduledJob[];
  /** Work that goes on in every process with this agent, from its start to its end. */
  backgroundTasks?: readonly BackgroundTask[];
  /** Preparation before the agent serves, such as a check of its dependencies. Retried when it fails. */
  start?(): Promise<void>;
  /** The sagas that its process runs, with the callbacks of their failing steps. Only orchestration has them. */
  sagas?: { definitions: readonly SagaDefinition[] } & Pick<WorkerOptions, 'onFailedAttempt' | 'verdict'>;
  demo?: { after: readonly string[]; load(tools: DemoTools): Promise<void> };
}

/** The parts that a room's `build` returns. */
export interface RoomParts<Services> extends Omit<AgentParts, 'handlers'> {
  /** The services that its handlers are bound to. */
  handling?: Services;
  /** Handlers of types that are known only once all agents are, beside those that the room declares. */
  moreHandlers?: readonly EventHandler[];
}

/** An agent, as its room declares it. `Variables` are the environment variables that it declares in `config`. */
export interface Room<Variables extends object = any, Services = any> {
  /** Also its schema in the database and its name in the supergraph: one lower-case word. */
  name: string;
  area: Area;
  title: string;
  description: string;
  skills: readonly Skill[];
  /** `import.meta.url` of the room: `schema.graphql` and `migrations/` lie beside it. */
  at: string;
  entities: readonly EntitySchema[];
  /** Its tables under row-level security, those of money and personal data: `own` of access.ts. */
  confined?: OwnTables;
  /** It has webhooks (platform/webhooks/webhooks.ts): its schema then holds their inbox. */
  webhooks?: boolean;
  /** It records decisions (platform/decisions/decisions.ts): its schema then holds their tables. */
  decisions?: boolean;
  /** Some of its commands need approval (platform/approvals/approvals.ts): its schema then holds their tables. */
  approvals?: boolean;
  /** It draws gapless numbers (platform/numbers/): its schema then holds their series. */
  numbers?: boolean;
  /** It keeps a ledger (platform/ledger/ledger.ts): its schema then holds the tables. */
  ledger?: boolean;
  /** It has files (platform/files/files.ts): its schema then holds their records. */
  files?: boolean;
  /** It has jobs (platform/jobs/jobs.ts): its schema then holds their tables. Their results need `files`. */
  jobs?: boolean;
  /** It sends webhooks (platform/outbound/outbound.ts): its schema then holds their endpoints and deliveries. */
  outbound?: boolean;
  /** Environment variables that it reads from `AgentContext.config`, named after it: `{ PAYMENT_TIMEOUT_MS: … }`. */
  config?: z.ZodObject & z.ZodType<Variables>;
  /** Variables whose names do not begin with the agent's, each with the reason. */
  configExceptions?: Readonly<Record<string, string>>;
  /** Actions on its own scopes, granted to roles that have no `*:` scope: `{ MERCHANT: ['write'] }`. */
  grants?: Grants;
  /** Claims that identify the owners of its rows, with their short names in access tokens: `{ vendorId: 'ven' }`. */
  claims?: RoomClaims;
  emits: readonly EventDefinition<any>[];
  /** Handlers of events, other agents' or its own, declared before the agent is built. */
  handlers?: readonly EventHandler<Services>[];
  /** Tables that it keeps from others' events, each with a consumer of its own (platform/projections/projection.ts). */
  projections?: readonly Projection[];
  /** Its handlers are idempotent: an event handled before has no effect, so an operator may replay the log to it. */
  replayable?: boolean;
  /**
   * Start position of a new consumer: the end of the log, or, if it is `replayable`, the oldest event in it. A
   * registered consumer goes on from its cursor. @default NOW
   */
  begins?: Beginning;
  /**
   * Milliseconds that its consumer gathers a batch. Less is lower latency, more is fewer transactions.
   * @default 10, and 150 with a `backfill`
   */
  gatherMs?: number;
  /** Shoppers' reads of it may come from a read replica and be a moment old, since shoppers do not write this data. */
  readsMayLag?: boolean;
  build(options: AgentContext<any, Variables>): RoomParts<Services>;
}

/** An agent, as its room defines it. */
export interface AgentDefinition extends Omit<Room, 'handlers' | 'build'> {
  /** Event types that its consumers handle. */
  handles?: readonly string[];
  build(options: AgentContext<any, any>): AgentParts;
}

/**
 * Defines an agent. A room's `agent.ts` exports this and nothing else.
 * @throws Error for a name that is no schema name, a confined table or property that no entity has, a second handler of a
 *   type, `OLDEST` without `replayable`, or a projection of a table that is not the room's
 */
export function defineAgent<Variables extends object = object, Services = void>(
  room: Room<Variables, Services>,
): AgentDefinition {
  const { handlers, ...definition } = room;
  if (!/^[a-z][a-z0-9]{1,30}$/.test(definition.name))
    throw new Error(`"${definition.name}" is not a name for an agent: use one lower-case word.`);
  if (definition.begins === 'OLDEST' && !definition.replayable)
    throw new Error(`${definition.name} begins at the oldest event: its handlers must be replayable.`);
  checkConfined(definition);
  checkProjections(definition);
  const types = (handlers ?? []).map(({ type }) => type);
  checkOneEach(definition.name, types);
  const ofProjections = (definition.projections ?? []).flatMap((projection) => projection.handlers);
  const handles = [...new Set([...types, ...ofProjections.map(({ type }) => type)])];
  return {
    ...definition,
    ...(handles.length > 0 && { handles }),
    build(context) {
      const { handling, moreHandlers = [], ...parts } = room.build(context);
      const all = [...bindHandlers(handlers ?? [], handling as Services), ...moreHandlers];
      checkOneEach(
        definition.name,
        all.map(({ type }) => type),
      );
      return all.length > 0 ? { ...parts, handlers: all } : parts;
    },
  };
}

function checkProjections({ name, entities, projections = [] }: Pick<Room, 'name' | 'entities' | 'projections'>): void {
  const names = projections.map((projection) => projection.name);
  const twice = names.find((one, at) => names.indexOf(one) !== at);
  if (twice) throw new Error(`${name} has two projections "${twice}".`);
  for (const projection of projections)
    for (const entity of projection.entities)
      if (!entities.includes(entity))
        throw new Error(
          `The projection ${projection.name} of ${name} has ${tableOf(entity).name}, which is not in its entities.`,
        );
}

/** A consumer has one handler of a type, and would silently pass over a second one. */
function checkOneEach(agent: string, types: readonly string[]): void {
  const twice = types.find((type, at) => types.indexOf(type) !== at);
  if (twice) throw new Error(`${agent} has two handlers for ${twice}.`);
}

/** Tables have the names of the database here, and properties those of TypeScript: a mixed-up name is told at once. */
function checkConfined({ name, entities, confined = {} }: Pick<Room, 'name' | 'entities' | 'confined'>): void {
  const tables = new Map(entities.map(tableOf).map((table) => [table.name, table]));
  const tableNamed = (wanted: string) => {
    const table = tables.get(wanted);
    if (table) return table;
    throw new Error(`${name} confines "${wanted}", which is none of its tables: ${[...tables.keys()].join(', ')}.`);
  };
  for (const [wanted, rows] of Object.entries(confined)) {
    const { properties } = tableNamed(wanted);
    if (isThrough(rows)) tableNamed(rows.through);
    for (const property of isThrough(rows) ? [rows.by] : Object.keys(rows))
      if (!properties.includes(property))
        throw new Error(`${name} confines ${wanted} by "${property}", which is none of its properties.`);
  }
}
