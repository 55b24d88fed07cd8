import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import type { Work } from '../../../platform/store/store.ts';
import type { RequestContext } from '../../../platform/graphql/context.ts';
import { newId } from '../../../platform/ids.ts';
import type { Tables } from '../entities.ts';
import { truncated } from '../sessions/traits.ts';
import type { AuditAction } from './actions.ts';
import { hashOfEntry } from './chain.ts';

/** An action to record. */
export interface Deed {
  action: AuditAction;
  /** The user whose account it is about, if there is one. */
  userId?: string | null;
  /** The session or the key that it is about, if there is one. */
  objectId?: string | null;
  /** Ids, figures and internal names: no personal data, and no secret. */
  details?: Readonly<Record<string, unknown>>;
}

/**
 * Appends to the audit log, within the transaction of the action: neither exists without the other. Call it last: its
 * lock blocks other appends until the commit.
 */
export const recorder =
  ({ clock }: Pick<AgentContext<Tables>, 'clock'>) =>
  async ({ sql }: Work<Tables>, { actor, correlationId, client }: RequestContext, deed: Deed): Promise<void> => {
    const { action, userId = null, objectId = null, details = {} } = deed;
    const head = await sql.selectFrom('audit_head').select(['position', 'hash']).forUpdate().executeTakeFirstOrThrow();
    const row = {
      position: head.position + 1n,
      id: newId('audit'),
      at: clock.now(),
      action,
      actorId: actor.id,
      userId,
      objectId: objectId ?? actor.apiKeyId ?? null,
      address: truncated(client?.address),
      correlationId,
      details: JSON.stringify(details),
      previousHash: head.hash,
    };
    const hash = hashOfEntry(row);
    await sql
      .with('appended', (db) => db.insertInto('audit_entry').values({ ...row, hash }))
      .updateTable('audit_head')
      .set({ position: row.position, hash })
      .execute();
  };

export type Recorder = ReturnType<typeof recorder>;
