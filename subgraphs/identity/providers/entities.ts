import { defineEntity, p } from '@mikro-orm/core';
import type { RowOf } from '../../../platform/data/entity-table.ts';

export const LinkedIdentitySchema = defineEntity({
  name: 'LinkedIdentity',
  tableName: 'linked_identity',
  properties: {
    id: p.string().primary(),
    userId: p.string(),
    provider: p.string(),
    issuer: p.string(),
    subject: p.string(),
    email: p.string().nullable(),
    linkedAt: p.datetime(),
    lastUsedAt: p.datetime(),
  },
});

export const ProviderAttemptSchema = defineEntity({
  name: 'ProviderAttempt',
  tableName: 'provider_attempt',
  properties: {
    hash: p.string().primary(),
    provider: p.string(),
    redirectUri: p.string(),
    sealed: p.string(),
    sessionId: p.string().nullable(),
    createdAt: p.datetime(),
    expiresAt: p.datetime(),
    busyUntil: p.datetime().nullable(),
    usedAt: p.datetime().nullable(),
    callbackHash: p.string().nullable(),
    identityId: p.string().nullable(),
  },
});

export type LinkedIdentityRow = RowOf<typeof LinkedIdentitySchema>;
export type ProviderAttemptRow = RowOf<typeof ProviderAttemptSchema>;
