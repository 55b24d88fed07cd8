import { defineEntity, p } from '@mikro-orm/core';
import type { RowOf } from '../../../platform/data/entity-table.ts';

export const ApiKeySchema = defineEntity({
  name: 'ApiKey',
  tableName: 'api_key',
  properties: {
    id: p.string().primary(),
    userId: p.string(),
    name: p.string(),
    hash: p.string(),
    hint: p.string(),
    scopes: p.array(),
    merchantId: p.string().nullable(),
    createdAt: p.datetime(),
    expiresAt: p.datetime(),
    lastUsedAt: p.datetime().nullable(),
    revokedAt: p.datetime().nullable(),
    version: p.integer().version().default(1),
    rotatedAt: p.datetime().nullable(),
    previousHash: p.string().nullable(),
    previousHint: p.string().nullable(),
    previousExpiresAt: p.datetime().nullable(),
    previousLastUsedAt: p.datetime().nullable(),
    sealedSecret: p.string().nullable(),
  },
});

export type ApiKeyRow = RowOf<typeof ApiKeySchema>;
