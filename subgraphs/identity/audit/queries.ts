import type { Kysely } from 'kysely';
import { anyOf } from '../../../platform/data/any-of.ts';
import { columnsOf } from '../../../platform/data/entity-table.ts';
import { type Connection, connect, type PageArgs } from '../../../platform/graphql/connection.ts';
import type { Tables } from '../entities.ts';
import type { AuditAction } from './actions.ts';
import { type AuditEntryRow, AuditEntrySchema } from './entities.ts';

/** A page of audit entries. */
export type AuditEntryConnectionRow = Connection<AuditEntryRow>;

/** A filter of entries; every given condition must hold. */
export interface AuditFilter {
  actions?: readonly AuditAction[] | null;
  userId?: string | null;
  actorId?: string | null;
  from?: Date | null;
  to?: Date | null;
}

const ENTRY = columnsOf(AuditEntrySchema);

export const auditQueries = (db: Kysely<Tables>) => ({
  page({ actions, userId, actorId, from, to }: AuditFilter, page: PageArgs): Promise<AuditEntryConnectionRow> {
    let query = db.selectFrom('audit_entry').select(ENTRY);
    if (actions) query = query.where('action', '=', anyOf(actions));
    if (userId) query = query.where('userId', '=', userId);
    if (actorId) query = query.where('actorId', '=', actorId);
    if (from) query = query.where('at', '>=', from);
    if (to) query = query.where('at', '<', to);
    return connect(query, { column: 'position', direction: 'DESC' }, page);
  },
});
