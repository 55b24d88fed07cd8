/** The use cases of endpoints: create, change, rotate the secret, enable, disable, delete. What is sent by hand: sendings.ts. */
import type { AgentContext } from '../agent/agent-context.ts';
import { anyOf } from '../data/any-of.ts';
import { countOf } from '../data/count.ts';
import { columnsOf } from '../data/entity-table.ts';
import { idempotencyOf } from '../data/idempotency.ts';
import { matching, type RowFilter } from '../data/row-filter.ts';
import { refuse } from '../errors.ts';
import type { EventDefinition } from '../events/define-event.ts';
import { connect, type PageArgs } from '../graphql/connection.ts';
import type { RequestContext } from '../graphql/context.ts';
import { checkAll, checkVersion } from '../graphql/refusals.ts';
import { newId } from '../ids.ts';
import type { Work } from '../store/store.ts';
import type { EndpointDisabled } from './endpoint-disabled.ts';
import {
  type DisabledReason,
  type EndpointConnectionRow,
  type EndpointRow,
  OutboundEndpointSchema,
  type OutboundTables,
} from './entities.ts';
import { checkEventTypes, type OfferedType } from './event-types.ts';
import type { OutboundSql } from './outbound-sql.ts';
import { type Allowed, checkUrl } from './reach.ts';
import { newWebhookSecret, overlapEnd, sealedFor } from './secrets.ts';
import { ENDPOINT_ID, sendings } from './sendings.ts';

/** The most endpoints of one merchant, and of the house. */
export const MAX_ENDPOINTS = 20;
/** Minutes for which a repetition of a request gets the secret again. */
const REPEATABLE_MS = 10 * 60_000;

const ENDPOINT = columnsOf(OutboundEndpointSchema);
/** The path of an endpoint's id in the input. */
const ID = ['input', 'id'];

/** What an endpoint is to be. */
export interface EndpointInput {
  url: string;
  /** @default empty */
  description?: string | null;
  eventTypes: readonly string[];
  idempotencyKey: string;
}

/** A change of an endpoint. What is not given stays. */
export interface EndpointChange {
  id: string;
  expectedVersion: number;
  url?: string | null;
  description?: string | null;
  eventTypes?: readonly string[] | null;
}

/** An endpoint and, once, its new secret. */
export interface EndpointWithSecret {
  endpointId: string;
  /** Null for a repetition that comes too late. */
  secret: string | null;
}

/** Parts of the use cases. */
export interface EndpointParts extends Pick<AgentContext, 'store' | 'clock' | 'secrets'> {
  agent: string;
  sql: OutboundSql;
  offered: readonly OfferedType[];
  allowedFor(owner: { merchantId: string | null }): Allowed;
  /** The event of an endpoint that was disabled by itself. */
  disabled: EventDefinition<EndpointDisabled>;
  /** Called after a commit that made something due. */
  onDue(): void;
}

/** The use cases. Rows are those that the caller may change. */
export const endpointService = (parts: EndpointParts) => {
  const { agent, store, clock, secrets, sql, offered, allowedFor, disabled, onDue } = parts;
  const db = store.read.withTables<OutboundTables>();

  const find = async (work: Work, id: string, rows: RowFilter, path = ID): Promise<EndpointRow> => {
    const endpoint = await work.find(OutboundEndpointSchema, id, { rows, path });
    if (endpoint.status === 'DELETED') throw refuse('NOT_FOUND', 'It was deleted.', path);
    return endpoint;
  };
  const typesFor = (given: readonly string[], merchantId: string | null): string[] =>
    checkEventTypes(given, offered, { isMerchants: merchantId !== null });

  /** The answer of a request that made a secret: to a repetition as well, for some minutes. */
  const withSecret = async (id: string, made: { version: number; at: string }): Promise<EndpointWithSecret> => {
    const [endpoint] = await db.selectFrom('outbound_endpoint').select(ENDPOINT).where('id', '=', id).execute();
    const isNew = clock.now().getTime() - Date.parse(made.at) < REPEATABLE_MS;
    const isSame = endpoint?.version === made.version && endpoint.status !== 'DELETED';
    return { endpointId: id, secret: isNew && isSame ? secrets.open(endpoint.secret, sealedFor(id)) : null };
  };

  /** Those with these ids. */
  const byIds = (ids: readonly string[], rows: RowFilter): Promise<EndpointRow[]> =>
    db
      .selectFrom('outbound_endpoint')
      .select(ENDPOINT)
      .where('id', '=', anyOf(ids))
      .where('status', '<>', 'DELETED')
      .where(matching(rows))
      .execute();

  return {
    /** Reads a page, the newest first. */
    page: (page: PageArgs, rows: RowFilter): Promise<EndpointConnectionRow> =>
      connect(
        db.selectFrom('outbound_endpoint').select(ENDPOINT).where('status', '<>', 'DELETED').where(matching(rows)),
        { column: 'createdAt', direction: 'DESC' },
        page,
      ),

    byIds,

    /** Creates an endpoint of a merchant, or of the house. @throws Refusal INVALID_INPUT, INVALID_STATE */
    async create(
      input: EndpointInput,
      merchantId: string | null,
      context: RequestContext,
    ): Promise<EndpointWithSecret> {
      const [url, eventTypes] = checkAll(
        () => checkUrl(input.url, allowedFor({ merchantId })),
        () => typesFor(input.eventTypes, merchantId),
      );
      const key = idempotencyOf('createWebhookEndpoint', input, context);
      const locks = [`webhook endpoints of ${merchantId ?? 'the house'}`];
      const made = await store.idempotent({ ...key, locks }, async (work) => {
        const all = work.sql
          .withTables<OutboundTables>()
          .selectFrom('outbound_endpoint')
          .where('status', '<>', 'DELETED');
        const theirs = all.where('merchantId', merchantId === null ? 'is' : '=', merchantId);
        if ((await countOf(theirs)) >= MAX_ENDPOINTS)
          throw refuse(
            'INVALID_STATE',
            `There are ${MAX_ENDPOINTS} endpoints already: delete one that is not needed.`,
            ['input'],
          );
        const id = newId('endpoint');
        const createdAt = clock.now();
        const secret = secrets.seal(newWebhookSecret(), sealedFor(id));
        const description = input.description ?? '';
        const row = { id, merchantId, url, description, eventTypes, secret, status: 'ENABLED' as const, createdAt };
        await work.insert(OutboundEndpointSchema, row);
        return { id, version: 1, at: createdAt.toISOString() };
      });
      return withSecret(made.id, made);
    },

    /** Changes an endpoint. Returns its id. @throws Refusal NOT_FOUND, VERSION_CONFLICT, INVALID_INPUT */
    async update(input: EndpointChange, context: RequestContext, rows: RowFilter): Promise<string> {
      await store.write({ locks: [input.id], origin: context }, async (work) => {
        const endpoint = await find(work, input.id, rows);
        checkVersion(endpoint.version, input.expectedVersion);
        const { merchantId } = endpoint;
        const [url, eventTypes] = checkAll(
          () => (input.url == null ? undefined : checkUrl(input.url, allowedFor(endpoint))),
          () => (input.eventTypes == null ? undefined : typesFor(input.eventTypes, merchantId)),
        );
        // Another receiver has not failed yet.
        const anew = url !== undefined && url !== endpoint.url ? HEALTHY : {};
        const description = input.description ?? undefined;
        await work.save(OutboundEndpointSchema, endpoint, { url, eventTypes, description, ...anew });
        if (anew === HEALTHY) await sql.hurry(work.sql, endpoint.id, clock.now());
      });
      onDue();
      return input.id;
    },

    /** Gives an endpoint a new secret; the previous one signs as well for some hours. @throws Refusal NOT_FOUND, INVALID_INPUT */
    async rotateSecret(
      input: { endpointId: string; overlapHours: number; idempotencyKey: string },
      context: RequestContext,
      rows: RowFilter,
    ): Promise<EndpointWithSecret> {
      const now = clock.now();
      const previousUntil = overlapEnd(input.overlapHours, now);
      const key = idempotencyOf('rotateWebhookSecret', input, context);
      const made = await store.idempotent({ ...key, locks: [input.endpointId] }, async (work) => {
        const endpoint = await find(work, input.endpointId, rows, ENDPOINT_ID);
        const { version } = await work.save(OutboundEndpointSchema, endpoint, {
          secret: secrets.seal(newWebhookSecret(), sealedFor(endpoint.id)),
          previousSecret: endpoint.secret,
          previousUntil,
        });
        return { version, at: now.toISOString() };
      });
      return withSecret(input.endpointId, made);
    },

    /**
     * Enables or disables an endpoint: one that is enabled goes on with what waited and with its replay, and receives the
     * events from now on.
     * Returns its id. @throws Refusal NOT_FOUND
     */
    async setEnabled(id: string, isEnabled: boolean, context: RequestContext, rows: RowFilter): Promise<string> {
      await store.write({ locks: [id], origin: context }, async (work) => {
        const endpoint = await find(work, id, rows);
        if ((endpoint.status === 'ENABLED') === isEnabled) return;
        const changes = isEnabled
          ? { ...HEALTHY, status: 'ENABLED' as const, disabledReason: null, disabledAt: null }
          : disabledAs('BY_USER', clock.now());
        await work.save(OutboundEndpointSchema, endpoint, changes);
        // A receiver that was mended need not wait for the next attempts of the time when it was not.
        if (isEnabled) await sql.hurry(work.sql, endpoint.id, clock.now());
      });
      onDue();
      return id;
    },

    /** Deletes an endpoint, with what waits for it. Returns its id. @throws Refusal NOT_FOUND */
    async delete(id: string, context: RequestContext, rows: RowFilter): Promise<string> {
      await store.write({ locks: [id], origin: context }, async (work) => {
        const endpoint = await find(work, id, rows);
        await work.save(OutboundEndpointSchema, endpoint, { status: 'DELETED', replayAfter: null });
      });
      return id;
    },

    /** Disables an endpoint by itself, and publishes it; does nothing if it is not enabled. */
    async disable(id: string, reason: Exclude<DisabledReason, 'BY_USER'>): Promise<void> {
      await store.write({ locks: [id], origin: {} }, async (work) => {
        const endpoint = await work.findIfAny(OutboundEndpointSchema, id);
        if (endpoint?.status !== 'ENABLED') return;
        const disabledAt = clock.now();
        const changes = disabledAs(reason, disabledAt);
        const { version, merchantId } = await work.save(OutboundEndpointSchema, endpoint, changes);
        const payload = { endpointId: id, merchantId, reason, disabledAt: disabledAt.toISOString() };
        work.publish(disabled, { aggregateId: id, aggregateVersion: version, payload });
      });
    },

    ...sendings({ agent, store, clock, sql, onDue, find, byIds }),
  };
};

/** The use cases of endpoints. */
export type EndpointService = ReturnType<typeof endpointService>;

/** An endpoint's circuit, in order. */
const HEALTHY = { failures: 0, failingSince: null, resumesAt: null };

/** An endpoint that is disabled. A replay of it stops and goes on later: what waited for the endpoint is part of it. */
const disabledAs = (disabledReason: DisabledReason, disabledAt: Date) => ({
  status: 'DISABLED' as const,
  disabledReason,
  disabledAt,
});
