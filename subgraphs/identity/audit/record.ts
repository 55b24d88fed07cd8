import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import type { Work } from '../../../platform/store/store.ts';
import type { RequestContext } from '../../../platform/graphql/context.ts';
import { newId } from '../../../platform/ids.ts';
import type { Tables } from '../entities.ts';
import { truncated } from '../sessions/traits.ts';
import type { AuditAction } from './actions.ts';
import { hashOfEntry } from './chain.ts';

/** Something to keep. */
export interface Deed {
  action: AuditAction;
  /** Whose account it is about, if there is one. */
  userId?: string | null;
  /** The session or the key, where it is about one. */
  objectId?: string | null;
  /** Ids, figures and names of ours: nothing personal, and no secret. */
  details?: Readonly<Record<string, unknown>>;
}

/**
 * Appends to the audit log, within the transaction of what was done: neither is there without the other. Call it last:
 * until the commit nobody else appends.
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
