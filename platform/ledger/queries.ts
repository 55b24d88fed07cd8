import type { Kysely } from 'kysely';
import { anyOf } from '../data/any-of.ts';
import { columnsOf } from '../data/entity-table.ts';
import { type Connection, connect, type PageArgs } from '../graphql/connection.ts';
import {
  type AccountRow,
  LedgerAccountSchema,
  type LedgerTables,
  LedgerTransferSchema,
  type TransferRow,
} from './entities.ts';
import type { LedgerStatements, TransferOfAccount } from './ledger-sql.ts';

/** Filter for accounts: every given condition must hold. */
export interface AccountFilter {
  code?: string | null;
  ledger?: string | null;
}

const ACCOUNT = columnsOf(LedgerAccountSchema);
const TRANSFER = columnsOf(LedgerTransferSchema);

/** The most transfers of one account in {@link LedgerQueries.transfersOf}. */
const MOST_TRANSFERS = 100;

/** Reads of a ledger, on `store.read` of its agent. */
export const ledgerQueries = (statements: LedgerStatements, read: Kysely<any>) => {
  const db = read.withTables<LedgerTables>();
  return {
    /** Accounts by their ids. */
    accounts: (ids: readonly string[]): Promise<AccountRow[]> =>
      db.selectFrom('ledger_account').select(ACCOUNT).where('id', '=', anyOf(ids)).execute(),

    /** A page of accounts, in the order of their ids. */
    accountPage: ({ code, ledger }: AccountFilter, page: PageArgs): Promise<Connection<AccountRow>> => {
      let some = db.selectFrom('ledger_account').select(ACCOUNT);
      if (code != null) some = some.where('code', '=', code);
      if (ledger != null) some = some.where('ledger', '=', ledger);
      return connect(some, { column: 'id', direction: 'ASC' }, page);
    },

    /** The transfers of each of these accounts, in their order: the first hundred of each, so for accounts with few. */
    transfersOf: (accountIds: readonly string[]): Promise<TransferOfAccount[]> =>
      statements.ofAccounts(read, accountIds, MOST_TRANSFERS),

    /** A page of an account's transfers, the latest first. */
    transferPage: (accountId: string, page: PageArgs): Promise<Connection<TransferRow>> => {
      const on = (side: 'debitAccount' | 'creditAccount') =>
        db.selectFrom('ledger_transfer').select(TRANSFER).where(side, '=', accountId);
      // Two indexes merged: an `or` would read all transfers of the account to sort them.
      const either = db.selectFrom(on('debitAccount').unionAll(on('creditAccount')).as('transfer')).select(TRANSFER);
      return connect(either, { column: 'position', direction: 'DESC' }, page);
    },
  };
};

/** The reads of one ledger. */
export type LedgerQueries = ReturnType<typeof ledgerQueries>;
