/**
 * The statements of a ledger, in plain SQL: each takes a list of any length in arrays, so that its text, and its plan,
 * is the same for one transfer and for a thousand.
 */
import type { Kysely } from 'kysely';
import { columnName } from '../data/column-name.ts';
import { tableOf } from '../data/entity-table.ts';
import { raw } from '../data/raw.ts';
import { LostRace } from '../data/retry.ts';
import type { NewAccount } from './account.ts';
import type { AccountState, TransferState } from './decide.ts';
import { type AccountRow, LedgerAccountSchema, LedgerTransferSchema, type TransferRow } from './entities.ts';
import type { TransferKind } from './transfer.ts';

/** The columns of an entity in a plain statement, in the names of its properties. */
const listed = (entity: Parameters<typeof tableOf>[0], alias: string): string =>
  tableOf(entity)
    .properties.map((name) => `${alias}.${columnName(name)} as "${name}"`)
    .join(', ');

const ACCOUNT = listed(LedgerAccountSchema, 'a');
const TRANSFER = listed(LedgerTransferSchema, 't');

/** Columns of a transfer that are inserted, with their types. */
const INSERTED = [
  ['id', 'text'],
  ['kind', 'text'],
  ['debitAccount', 'text'],
  ['creditAccount', 'text'],
  ['ledger', 'text'],
  ['amount', 'bigint'],
  ['pendingId', 'text'],
  ['expiresAt', 'timestamptz'],
  ['balancing', 'text'],
  ['code', 'text'],
  ['reference', 'text'],
  ['occurredAt', 'timestamptz'],
  ['createdAt', 'timestamptz'],
] as const satisfies readonly (readonly [keyof TransferState, string])[];

const UNIQUE_VIOLATION = '23505';

/** A transfer that was found, with the kind of transfer that resolved it. */
export type FoundTransfer = TransferState & { resolvedBy: TransferKind | null };

/** A transfer in the list of one of its accounts. */
export type TransferOfAccount = TransferRow & { account: string };

/** Creates the statements on the ledger of an agent's schema. */
export const ledgerStatements = (schema: string) => {
  const account = `"${schema}".ledger_account`;
  const transfer = `"${schema}".ledger_transfer`;

  const lockAccountsText = `
    select ${ACCOUNT} from ${account} a
     where a.id = any(array(
       select unnest($1::text[])
       union select unnest(array[p.debit_account, p.credit_account]) from ${transfer} p where p.id = any($2::text[])))
     order by a.id for no key update`;
  const findText = `
    select ${TRANSFER}, r.kind as "resolvedBy"
      from ${transfer} t left join ${transfer} r on r.pending_id = t.id where t.id = any($1::text[])`;
  const insertText = `
    insert into ${transfer} (${INSERTED.map(([name]) => columnName(name)).join(', ')})
    select * from unnest(${INSERTED.map(([, type], n) => `$${n + 1}::${type}[]`).join(', ')})`;
  const openText = `
    insert into ${account} (id, ledger, code, reference, balance_limit, created_at)
    select *, $6::timestamptz from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) order by 1
    on conflict (id) do nothing returning id`;
  const dueText = `
    select transfer_id as id from "${schema}".ledger_timeout where expires_at <= $1 order by expires_at, transfer_id limit $2`;

  // From two indexes: an `or` would read all transfers of an account to sort them.
  const ofAccountsText = `
    select w.account, ${TRANSFER}
      from unnest($1::text[]) w (account)
      cross join lateral (
        select * from (
          select * from ${transfer} where debit_account = w.account
          union all
          select * from ${transfer} where credit_account = w.account) either
        order by position limit $2) t
     order by t.position`;

  return {
    /** Reads the first transfers of each of these accounts, in their order. */
    async ofAccounts(db: Kysely<any>, ids: readonly string[], most: number): Promise<TransferOfAccount[]> {
      return (await raw<TransferOfAccount>(db, ofAccountsText, [ids, most])).rows;
    },

    /**
     * Locks accounts in one order and reads them: these, and those of these pending transfers. A transaction that waits
     * reads them as the one before it left them.
     */
    async lockAccounts(
      transaction: Kysely<any>,
      ids: readonly string[],
      pendingIds: readonly string[],
    ): Promise<AccountState[]> {
      return (await raw<AccountState>(transaction, lockAccountsText, [ids, pendingIds])).rows;
    },

    /** Reads accounts. */
    async accounts(db: Kysely<any>, ids: readonly string[]): Promise<AccountRow[]> {
      return (await raw<AccountRow>(db, `select ${ACCOUNT} from ${account} a where a.id = any($1::text[])`, [ids]))
        .rows;
    },

    /** Reads transfers with their resolutions. */
    async transfers(db: Kysely<any>, ids: readonly string[]): Promise<FoundTransfer[]> {
      return (await raw<FoundTransfer>(db, findText, [ids])).rows;
    },

    /**
     * Inserts transfers in their order; the trigger moves the balances.
     * @throws LostRace if a transfer with one of their ids was made meanwhile, between other accounts
     */
    async insert(transaction: Kysely<any>, transfers: readonly TransferState[]): Promise<void> {
      const columns = INSERTED.map(([name]) => transfers.map((each) => each[name]));
      try {
        await raw(transaction, insertText, columns);
      } catch (error) {
        if ((error as { code?: string }).code !== UNIQUE_VIOLATION) throw error;
        throw new LostRace('another transfer with this id was made meanwhile');
      }
    },

    /** Inserts accounts where none of their ids is, and returns the ids of those that are new. */
    async open(transaction: Kysely<any>, accounts: readonly NewAccount[], now: Date): Promise<Set<string>> {
      const values = [
        accounts.map(({ id }) => id),
        accounts.map(({ ledger }) => ledger),
        accounts.map(({ code }) => code),
        accounts.map(({ reference }) => reference ?? null),
        accounts.map(({ balanceLimit }) => balanceLimit ?? 'NONE'),
        now,
      ];
      return new Set((await raw<{ id: string }>(transaction, openText, values)).rows.map(({ id }) => id));
    },

    /** Pending transfers whose time is over, the longest over first. */
    async due(db: Kysely<any>, now: Date, limit: number): Promise<string[]> {
      return (await raw<{ id: string }>(db, dueText, [now, limit])).rows.map(({ id }) => id);
    },
  };
};

/** The statements on one ledger. */
export type LedgerStatements = ReturnType<typeof ledgerStatements>;
