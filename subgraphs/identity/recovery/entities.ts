import { defineEntity, p } from '@mikro-orm/core';
import type { RowOf } from '../../../platform/data/entity-table.ts';

/** The purpose of a recovery mail's token. */
export const RecoveryPurpose = { VERIFY_EMAIL: 'VERIFY_EMAIL', RESET_PASSWORD: 'RESET_PASSWORD' } as const;
export type RecoveryPurpose = keyof typeof RecoveryPurpose;

export const RecoveryTokenSchema = defineEntity({
  name: 'RecoveryToken',
  tableName: 'recovery_token',
  properties: {
    id: p.string().primary(),
    purpose: p.enum(() => RecoveryPurpose),
    userId: p.string().nullable(),
    hash: p.string(),
    sealed: p.string(),
    createdAt: p.datetime(),
    expiresAt: p.datetime(),
    usedAt: p.datetime().nullable(),
  },
});

export type RecoveryTokenRow = RowOf<typeof RecoveryTokenSchema>;
