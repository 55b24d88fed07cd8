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
  },
});

export type ApiKeyRow = RowOf<typeof ApiKeySchema>;
