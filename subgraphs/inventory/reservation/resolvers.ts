import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import type { Decisions } from '../../../platform/decisions/decisions.ts';
import { payload } from '../../../platform/graphql/payload.ts';
import { loadMany } from '../../../platform/graphql/per-request.ts';
import type { Tables } from '../entities.ts';
import type { Resolvers } from '../resolvers.generated.ts';
import { reservationQueries } from './queries.ts';
import { reservationService } from './service.ts';

/** Resolvers of reservations, units that are set aside for orders, and of how they were spread over locations. */
export const reservationResolvers = (agentContext: AgentContext<Tables>, decisions: Decisions): Resolvers => {
  const queries = reservationQueries(agentContext.store.read);
  const service = reservationService(agentContext);
  const linesOf = loadMany(queries.linesOf, (row) => row.reservationId);
  return {
    Query: {
      inventoryDecisions: (_, { filter, ...page }) => decisions.page(filter ?? {}, page),
    },
    Mutation: {
      reserveStock: (_, { input }, context) =>
        payload(async () => ({ reservationId: await service.reserve(input, context) })),
      releaseReservation: async (_, { input }, context) => ({
        released: false,
        ...(await payload(async () => ({ released: await service.release(input, context) }))),
      }),
      reviewInventoryDecision: (_, { input }, context) =>
        payload(async () => ({ decision: await decisions.review(input, context) })),
    },
    ReservationPayload: {
      reservation: async ({ reservationId }) => (reservationId && (await queries.byId(reservationId))) || null,
    },
    Reservation: {
      lines: (reservation, _, context) => linesOf(context).load(reservation.id),
      decision: ({ decisionId }, _, context) => (decisionId === null ? null : decisions.load(context).load(decisionId)),
    },
  };
};
