import { defineEntity, p } from '@mikro-orm/core';

/** What a token of the recovery mail is for. */
export type RecoveryPurpose = 'VERIFY_EMAIL' | 'RESET_PASSWORD';

export const RecoveryTokenSchema = defineEntity({
  name: 'RecoveryToken',
  tableName: 'recovery_token',
  properties: {
    id: p.string().primary(),
    purpose: p.string().$type<RecoveryPurpose>(),
    userId: p.string().nullable(),
    hash: p.string(),
    sealed: p.string(),
    createdAt: p.datetime(),
    expiresAt: p.datetime(),
    usedAt: p.datetime().nullable(),
  },
});
