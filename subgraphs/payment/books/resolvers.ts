import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import { loadMany, loadOne } from '../../../platform/graphql/per-request.ts';
import type { LedgerQueries } from '../../../platform/ledger/queries.ts';
import { money } from '../../../platform/money.ts';
import type { PaymentLoaders } from '../loaders.ts';
import type { Resolvers } from '../resolvers.generated.ts';
import type { BookingQueries } from './queries.ts';

/** Resolvers of the payments' books, for staff: the schema guards each field by `payment:read`. */
export const bookResolvers = (
  { clock }: Pick<AgentContext, 'clock'>,
  { ledger, books, load }: { ledger: LedgerQueries; books: BookingQueries; load: PaymentLoaders },
): Resolvers => {
  const account = loadOne(ledger.accounts, ({ id }) => id);
  const transfers = loadMany(ledger.transfersOf, (transfer) => transfer.account);
  return {
    Query: {
      paymentLedgerAccounts: (_, { filter, ...page }) => ledger.accountPage(filter ?? {}, page),
      paymentLedgerTransfers: (_, { accountId, ...page }) => ledger.transferPage(accountId, page),
      paymentLedgerDifferences: (_, { updatedFrom, ...page }) =>
        books.differences({ updatedFrom, now: clock.now() }, page),
    },
    Payment: {
      ledgerAccount: ({ id }, _, context) => account(context).load(id),
      ledgerTransfers: ({ id }, _, context) => transfers(context).load(id),
    },
    PaymentLedgerAccount: {
      debitsPending: (row) => money(row.debitsPending, row.ledger),
      debitsPosted: (row) => money(row.debitsPosted, row.ledger),
      creditsPending: (row) => money(row.creditsPending, row.ledger),
      creditsPosted: (row) => money(row.creditsPosted, row.ledger),
    },
    PaymentLedgerTransfer: {
      amount: (row) => money(row.amount, row.ledger),
    },
    PaymentLedgerDifference: {
      payment: ({ id }, _, context) => load.payment(context).load(id),
      held: (row) => money(row.heldMinor, row.currency),
      captured: (row) => money(row.capturedMinor, row.currency),
      refunded: (row) => money(row.refundedMinor, row.currency),
    },
  };
};
