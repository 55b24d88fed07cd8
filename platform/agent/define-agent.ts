import type { EntitySchema } from '@mikro-orm/core';
import type { Kysely } from 'kysely';
import type { z } from 'zod';
import type { Confined } from '../data/confined.ts';
import type { EventDefinition } from '../events/define-event.ts';
import type { RoomResolvers } from '../graphql/resolvers.ts';
import type { Grants } from '../identity/roles.ts';
import { bindHandlers, type EventHandler } from '../consumers/handler.ts';
import type { Backfill } from '../consumers/backfill.ts';
import type { Beginning } from '../consumers/cursor-row.ts';
import type { SagaDefinition } from '../sagas/define-saga.ts';
import type { WorkerOptions } from '../sagas/worker.ts';
import type { DemoTools } from './demo.ts';
import type { AgentContext } from './agent-context.ts';

/** Groups of agents, for supervision, dashboards and broadcast. */
export const AREAS = ['commerce', 'fulfilment', 'marketing', 'partners', 'service', 'trust', 'system'] as const;

/** One of {@link AREAS}. */
export type Area = (typeof AREAS)[number];

/** Something that an agent can do, for people and programs that look for one who can (A2A 1.0's `AgentSkill`). */
export interface Skill {
  id: string;
  name: string;
  description: string;
}

/** Something that an agent does by the clock. One process at a time does it. */
export interface ScheduledJob {
  name: string;
  everySeconds: number;
  /** `session` is a connection of its own while it runs, which keeps what is set on it. */
  run(signal: AbortSignal, session: Kysely<any>): Promise<void>;
}

/** What an agent is made of, once it is built on its context. */
export interface AgentParts {
  /** Resolvers of the agent's own part of the graph, those of each capability by themselves; the shared ones are added. */
  resolvers: RoomResolvers;
  /** What it does about the events of others: the handlers of its definition, bound to their services. */
  handlers?: readonly EventHandler[];
  /**
   * Reads a page of what its projection is made of from the owners, by commands. A consumer that is new is filled before
   * it handles its first event; its handlers compare versions, since they meet events about what a page told already.
   */
  backfill?: Backfill;
  scheduledJobs?: readonly ScheduledJob[];
  /** What must be done before it serves, such as looking for what it stands on. Tried again when it fails. */
  start?(): Promise<void>;
  /** The sagas that its process carries out, and who is told and asked about their steps. Only orchestration has them. */
  sagas?: { definitions: readonly SagaDefinition[] } & Pick<WorkerOptions, 'onFailedAttempt' | 'verdict'>;
  demo?: { after: readonly string[]; load(tools: DemoTools): Promise<void> };
}

/** What a room's `build` gives. */
export interface RoomParts<Services> extends Omit<AgentParts, 'handlers'> {
  /** What its handlers work with. */
  handling?: Services;
}

/** An agent, as its room tells it. `Variables` are those of the environment that it declares in `config`. */
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
  /** Its tables whose rows PostgreSQL keeps from whom they do not belong to: those of money and personal data. */
  confined?: Confined;
  /** It has webhooks (platform/webhooks/webhooks.ts): its schema then holds their inbox. */
  webhooks?: boolean;
  /** Variables of the environment that it reads from `AgentContext.config`, called after it: `{ PAYMENT_TIMEOUT_MS: … }`. */
  config?: z.ZodObject & z.ZodType<Variables>;
  /** Those of them that are called otherwise, each with the reason. */
  configExceptions?: Readonly<Record<string, string>>;
  /** Actions on what is its own that it grants to roles which hold none of every agent: `{ MERCHANT: ['write'] }`. */
  grants?: Grants;
  emits: readonly EventDefinition<any>[];
  /** What it does about the events of others, known before it is built. */
  handlers?: readonly EventHandler<Services>[];
  /** Its handlers do nothing about an event that they handled before, so an operator may have it read the log again. */
  replayable?: boolean;
  /**
   * Where its consumer begins when it is new: at the end of the log, or, if it is `replayable`, at the oldest event that
   * the log holds. One that is registered goes on where it is. @default NOW
   */
  begins?: Beginning;
  /**
   * Milliseconds that its consumer gathers events before it handles them. Less is sooner, more is fewer transactions.
   * @default 10, and 150 with a `backfill`
   */
  gatherMs?: number;
  /** What shoppers read of it may be a moment old, since it is no doing of theirs: it may come from a standby. */
  readsMayLag?: boolean;
  build(options: AgentContext<any, Variables>): RoomParts<Services>;
}

/** An agent, as its room defines it. */
export interface AgentDefinition extends Omit<Room, 'handlers' | 'build'> {
  /** The types of events that its handlers are for. */
  handles?: readonly string[];
  build(options: AgentContext<any, any>): AgentParts;
}

/**
 * Defines an agent. A room's `agent.ts` exports this and nothing else.
 * @throws Error for a name that is no schema name, or a beginning that its handlers do not stand
 */
export function defineAgent<Variables extends object = object, Services = void>(
  room: Room<Variables, Services>,
): AgentDefinition {
  const { handlers, ...definition } = room;
  if (!/^[a-z][a-z0-9]{1,30}$/.test(definition.name))
    throw new Error(`"${definition.name}" is not a name for an agent: use one lower-case word.`);
  if (definition.begins === 'OLDEST' && !definition.replayable)
    throw new Error(`${definition.name} begins at the oldest event: its handlers must be replayable.`);
  if (!handlers) return definition;
  const handles = handlers.map(({ type }) => type);
  const twice = handles.find((type, at) => handles.indexOf(type) !== at);
  if (twice) throw new Error(`${definition.name} has two handlers for ${twice}.`);
  return {
    ...definition,
    handles,
    build(context) {
      const { handling, ...parts } = room.build(context);
      return { ...parts, handlers: bindHandlers(handlers, handling as Services) };
    },
  };
}
