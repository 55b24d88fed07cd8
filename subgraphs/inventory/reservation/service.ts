/** The use cases of reservations: reserve, release and expire. */
import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import { idempotencyOf } from '../../../platform/data/idempotency.ts';
import { recordDecision, recordOutcome } from '../../../platform/decisions/record.ts';
import { Unavailable, refuse } from '../../../platform/errors.ts';
import type { Work } from '../../../platform/store/store.ts';
import type { RequestContext } from '../../../platform/graphql/context.ts';
import { newId } from '../../../platform/ids.ts';
import type { Tables } from '../entities.ts';
import { reservationReleased, stockReserved } from '../events.ts';
import type { ReleaseReservationInput, ReserveStockInput } from '../resolvers.generated.ts';
import { checkLines, isSameDemand, spreadInputs, sumDemand } from './domain.ts';
import { type Closed, forbid, giveBack, type Standing, standingOf, take } from './reservation-sql.ts';
import { spreadPolicy } from './spread-policy.ts';

/** Reservations that expire in one transaction. */
const BATCH = 100;

const lockOf = (reference: string): string => `reservation:${reference}`;

export const reservationService = ({ store, clock }: Pick<AgentContext<Tables>, 'store' | 'clock'>) => ({
  /** Returns its id. @throws Refusal INSUFFICIENT_STOCK, RESERVATION_RELEASED, INVALID_INPUT, INVALID_STATE */
  async reserve(input: ReserveStockInput, context: RequestContext): Promise<string> {
    const { reference, lines, expiresInSeconds } = input;
    checkLines(lines, expiresInSeconds);
    const variantIds = [...sumDemand(lines).keys()].sort();
    const locks = [lockOf(reference), ...variantIds.map((id) => `stock:${id}`)];
    const key = idempotencyOf('reserveStock', input, context);
    const { reservationId } = await store.idempotent({ ...key, locks }, async (work) => {
      const standing = await standingOf(work.sql, reference, variantIds);
      const demand = { ...input, reservedBy: context.actor.id, now: clock.now() };
      return { reservationId: earlier(standing, lines) ?? (await reserveNow(work, demand, standing)) };
    });
    return reservationId;
  },

  /** Returns whether units were given back. */
  async release(input: ReleaseReservationInput, context: RequestContext): Promise<boolean> {
    const { reference } = input;
    const key = idempotencyOf('releaseReservation', input, context);
    const { released } = await store.idempotent({ ...key, locks: [lockOf(reference)] }, async (work) => {
      const now = clock.now();
      const closed = await giveBack(work.sql, [reference], { status: 'RELEASED', now });
      if (closed.length === 0) await forbid(work.sql, { id: newId('reservation'), reference, now });
      await tellReleased(work, closed, { reason: 'RELEASED', now });
      return { released: closed.length > 0 };
    });
    return released;
  },

  /** Gives back the units of reservations whose time is up. */
  async expireDue(signal?: AbortSignal): Promise<void> {
    let due: string[];
    do {
      const now = clock.now();
      due = await dueAt(store.read, now);
      if (due.length === 0) return;
      await store.write({ locks: due.map(lockOf), origin: {} }, async (work) =>
        tellReleased(work, await giveBack(work.sql, due, { status: 'EXPIRED', now }), { reason: 'EXPIRED', now }),
      );
    } while (due.length === BATCH && !signal?.aborted);
  },
});

/** The id of the reservation that the reference has already. @throws Refusal if it is released or for other lines */
function earlier({ reservation }: Standing, lines: ReserveStockInput['lines']): string | undefined {
  if (!reservation) return undefined;
  if (reservation.status !== 'ACTIVE') {
    throw refuse('RESERVATION_RELEASED', 'What was reserved for this reference was released.', ['input', 'reference']);
  }
  if (!isSameDemand(sumDemand(lines), reservation.lines)) {
    throw refuse('INVALID_STATE', 'This reference has a reservation of something else.', ['input', 'reference']);
  }
  return reservation.id;
}

/** A demand at the moment of its reservation. */
type Demand = Pick<ReserveStockInput, 'reference' | 'lines' | 'expiresInSeconds'> & { reservedBy: string; now: Date };

async function reserveNow(work: Work<Tables>, demand: Demand, { stock }: Standing): Promise<string> {
  const { reference, expiresInSeconds, reservedBy, now } = demand;
  const inputs = spreadInputs(demand.lines, stock);
  const verdict = spreadPolicy.decide(inputs);
  const about = { subjectId: reference, decidedBy: reservedBy, decidedAt: now };
  const decisionId = await recordDecision(work, spreadPolicy, { inputs, verdict, ...about });
  const lines = verdict.result;
  const id = newId('reservation');
  const expiresAt = expiresInSeconds == null ? null : new Date(now.getTime() + expiresInSeconds * 1000);
  const taken = await take(work.sql, { id, reference, expiresAt, decisionId, now, lines });
  // Impossible under the locks. Should it happen, nothing is written, and the retry decides on the stock of then.
  if (taken !== lines.length) throw new Unavailable('The stock was taken while it was being reserved.');
  const payload = { reservationId: id, reference, expiresAt: expiresAt?.toISOString() ?? null, lines };
  work.publish(stockReserved, { aggregateId: id, aggregateVersion: 1, payload });
  return id;
}

async function dueAt(db: AgentContext<Tables>['store']['read'], now: Date): Promise<string[]> {
  const rows = await db
    .selectFrom('reservation')
    .select('reference')
    .where('status', '=', 'ACTIVE')
    .where('expiresAt', '<=', now)
    .orderBy('expiresAt')
    .limit(BATCH)
    .execute();
  return rows.map((row) => row.reference);
}

/** Publishes that units were given back, and adds it to the decisions by which they were spread. */
async function tellReleased(
  work: Work<Tables>,
  closed: readonly Closed[],
  { reason, now }: { reason: 'RELEASED' | 'EXPIRED'; now: Date },
): Promise<void> {
  for (const { id, reference, version, lines } of closed) {
    work.publish(reservationReleased, {
      aggregateId: id,
      aggregateVersion: version,
      payload: { reservationId: id, reference, reason, lines },
    });
  }
  const decisionIds = closed.flatMap(({ decisionId }) => decisionId ?? []);
  await recordOutcome(work, { decisionIds, outcome: reason, occurredAt: now });
}
