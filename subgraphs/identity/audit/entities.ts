import { defineEntity, p } from '@mikro-orm/core';
import type { RowOf } from '../../../platform/data/entity-table.ts';
import { AuditAction } from './actions.ts';

export const AuditEntrySchema = defineEntity({
  name: 'AuditEntry',
  tableName: 'audit_entry',
  properties: {
    position: p.bigint().primary(),
    id: p.string(),
    at: p.datetime(),
    action: p.enum(() => AuditAction),
    actorId: p.string(),
    userId: p.string().nullable(),
    objectId: p.string().nullable(),
    address: p.string().nullable(),
    correlationId: p.string(),
    details: p.string(),
    previousHash: p.string(),
    hash: p.string(),
  },
});

export const AuditHeadSchema = defineEntity({
  name: 'AuditHead',
  tableName: 'audit_head',
  properties: { one: p.boolean().primary(), position: p.bigint(), hash: p.string() },
});

export type AuditEntryRow = RowOf<typeof AuditEntrySchema>;
