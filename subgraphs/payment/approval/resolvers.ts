import type { Approvals } from '../../../platform/approvals/approvals.ts';
import { payload } from '../../../platform/graphql/payload.ts';
import type { Resolvers } from '../resolvers.generated.ts';

/** Resolvers of refunds that need approval. */
export const approvalResolvers = (approvals: Approvals): Resolvers => ({
  Query: {
    paymentApprovals: (_, { filter, ...page }) => approvals.page(filter ?? {}, page),
    paymentApproval: (_, { id }, context) => approvals.load(context).load(id),
  },
  Mutation: {
    approvePaymentCommand: (_, { input }, context) =>
      payload(async () => ({ approval: await approvals.approve(input, context) })),
    rejectPaymentCommand: (_, { input }, context) =>
      payload(async () => ({ approval: await approvals.reject(input, context) })),
    withdrawPaymentCommand: (_, { input }, context) =>
      payload(async () => ({ approval: await approvals.withdraw(input, context) })),
    delegatePaymentApproval: (_, { input }, context) =>
      payload(async () => ({ approval: await approvals.delegate(input, context) })),
  },
});
