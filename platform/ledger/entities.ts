/** The tables of a ledger (ledger.sql), in the schema of each agent that has one. */
import { defineEntity, p } from '@mikro-orm/core';
import type { RowOf, TablesOf } from '../data/entity-table.ts';
import { BalanceLimit } from './account.ts';
import { Balancing, TransferKind } from './transfer.ts';

/** An account with its running balances. */
export const LedgerAccountSchema = defineEntity({
  name: 'LedgerAccount',
  tableName: 'ledger_account',
  properties: {
    id: p.string().primary(),
    ledger: p.string(),
    code: p.string(),
    reference: p.string().nullable(),
    balanceLimit: p.enum(() => BalanceLimit),
    debitsPending: p.bigint('bigint').default(0),
    debitsPosted: p.bigint('bigint').default(0),
    creditsPending: p.bigint('bigint').default(0),
    creditsPosted: p.bigint('bigint').default(0),
    createdAt: p.datetime(),
  },
});

/** A transfer. It is never changed. */
export const LedgerTransferSchema = defineEntity({
  name: 'LedgerTransfer',
  tableName: 'ledger_transfer',
  properties: {
    id: p.string().primary(),
    position: p.bigint('bigint').autoincrement(),
    kind: p.enum(() => TransferKind),
    debitAccount: p.string(),
    creditAccount: p.string(),
    ledger: p.string(),
    amount: p.bigint('bigint'),
    pendingId: p.string().nullable(),
    expiresAt: p.datetime().nullable(),
    balancing: p.enum(() => Balancing).nullable(),
    code: p.string(),
    reference: p.string().nullable(),
    occurredAt: p.datetime().nullable(),
    createdAt: p.datetime(),
  },
});

/** The timeout of a pending transfer that is not resolved. */
export const LedgerTimeoutSchema = defineEntity({
  name: 'LedgerTimeout',
  tableName: 'ledger_timeout',
  properties: { transferId: p.string().primary(), expiresAt: p.datetime() },
});

/** All of them. */
export const ledgerEntities = [LedgerAccountSchema, LedgerTransferSchema, LedgerTimeoutSchema];
/** The tables, for Kysely. */
export type LedgerTables = TablesOf<(typeof ledgerEntities)[number]>;
/** An account. */
export type AccountRow = RowOf<typeof LedgerAccountSchema>;
/** A transfer. */
export type TransferRow = RowOf<typeof LedgerTransferSchema>;
