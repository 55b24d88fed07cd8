/** The deliveries of an agent, for the owners of their endpoints: list them, with their attempts, and send one again. */
import type { AgentContext } from '../agent/agent-context.ts';
import { anyOf } from '../data/any-of.ts';
import { columnsOf } from '../data/entity-table.ts';
import { idempotencyOf } from '../data/idempotency.ts';
import { matching, type RowFilter } from '../data/row-filter.ts';
import { refuse } from '../errors.ts';
import { connect, type PageArgs } from '../graphql/connection.ts';
import type { RequestContext } from '../graphql/context.ts';
import { loadMany } from '../graphql/per-request.ts';
import {
  type AttemptRow,
  type DeliveryConnectionRow,
  type DeliveryRow,
  type DeliveryStatus,
  OutboundAttemptSchema,
  OutboundDeliverySchema,
  type OutboundTables,
} from './entities.ts';
import type { OutboundSql } from './outbound-sql.ts';

/** What a list of deliveries is narrowed to. */
export interface DeliveryFilter {
  endpointId?: string | null;
  status?: DeliveryStatus | null;
}

const DELIVERY = columnsOf(OutboundDeliverySchema);

/** Parts of the desk. */
export interface DeskParts extends Pick<AgentContext, 'store' | 'clock'> {
  sql: OutboundSql;
  /** Called after a commit that made something due. */
  onDue(): void;
}

/** Access to deliveries, each of the endpoints that the caller may see or change. */
export const deliveryDesk = ({ store, clock, sql, onDue }: DeskParts) => {
  const db = store.read.withTables<OutboundTables>();
  const endpointsOf = (rows: RowFilter) =>
    db.selectFrom('outbound_endpoint').select('id').where('status', '<>', 'DELETED').where(matching(rows));

  return {
    /** Reads a page, the latest first. */
    page({ endpointId, status }: DeliveryFilter, page: PageArgs, rows: RowFilter): Promise<DeliveryConnectionRow> {
      let some = db.selectFrom('outbound_delivery').select(DELIVERY).where('endpointId', 'in', endpointsOf(rows));
      if (endpointId != null) some = some.where('endpointId', '=', endpointId);
      if (status != null) some = some.where('status', '=', status);
      return connect(some, { column: 'recordedAt', direction: 'DESC' }, page);
    },

    /** Those with these ids. */
    byIds: (ids: readonly string[], rows: RowFilter): Promise<DeliveryRow[]> =>
      db
        .selectFrom('outbound_delivery')
        .select(DELIVERY)
        .where('id', '=', anyOf(ids))
        .where('endpointId', 'in', endpointsOf(rows))
        .execute(),

    /** The attempts of a delivery, the latest first. */
    attemptsOf: loadMany<AttemptRow>(
      (ids) =>
        db
          .selectFrom('outbound_attempt')
          .select(columnsOf(OutboundAttemptSchema))
          .where('deliveryId', '=', anyOf(ids))
          .orderBy('number', 'desc')
          .execute(),
      (row) => row.deliveryId,
    ),

    /**
     * Sends a delivery again, with all attempts, before what waits behind it of its aggregate; one that waits, now.
     * Returns its id. @throws Refusal NOT_FOUND, INVALID_STATE
     */
    async redeliver(
      input: { deliveryId: string; idempotencyKey: string },
      context: RequestContext,
      rows: RowFilter,
    ): Promise<string> {
      const { deliveryId: id } = input;
      const path = ['input', 'deliveryId'];
      const [delivery] = await this.byIds([id], rows);
      if (!delivery) throw refuse('NOT_FOUND', 'There is no such delivery, or it is not yours.', path);
      if (delivery.body === '')
        throw refuse('INVALID_STATE', 'Its event could not be trusted, so it has no body: have it replayed.', path);
      const { endpointId, aggregateId } = delivery;
      const key = idempotencyOf('redeliverWebhook', input, context);
      await store.idempotent({ ...key, locks: [endpointId] }, async (work) => {
        const mine = work.sql.withTables<OutboundTables>();
        const endpoint = await mine
          .selectFrom('outbound_endpoint')
          .select('status')
          .where('id', '=', endpointId)
          .executeTakeFirst();
        if (endpoint?.status !== 'ENABLED')
          throw refuse('INVALID_STATE', 'Its endpoint is disabled: enable the endpoint first.', path);
        const now = clock.now();
        await sql.openLanes(work.sql, [{ endpointId, aggregateId }], now);
        await mine
          .updateTable('outbound_delivery')
          .set({ status: 'WAITING', attempts: 0, finishedAt: null })
          .where('id', '=', id)
          .where('status', '<>', 'WAITING')
          .execute();
        await mine
          .updateTable('outbound_lane')
          .set({ dueAt: now })
          .where('endpointId', '=', endpointId)
          .where('aggregateId', '=', aggregateId)
          .where('claim', 'is', null)
          .execute();
        return {};
      });
      onDue();
      return id;
    },
  };
};
