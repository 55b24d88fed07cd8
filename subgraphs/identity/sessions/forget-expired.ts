import type { DeleteResult, Kysely, UpdateResult } from 'kysely';
import type { ScheduledJob } from '../../../platform/agent/define-agent.ts';
import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import { inChunks, numberOf } from '../../../platform/data/in-chunks.ts';
import { REPEATABLE_MS } from '../api-keys/domain.ts';
import type { Tables } from '../entities.ts';
import { ENROLMENT_MS } from '../second-factor/domain.ts';
import { FORGET_MS } from '../sign-in/backoff.ts';

const CHUNK = 1000;
/** The time for which an ended session can still be seen, with the reason. */
const KEEP_SESSIONS_MS = 30 * 86_400_000;

/** A deletion of rows, or of a secret that stands in them. */
type Deletion = (sql: Kysely<Tables>) => { executeTakeFirstOrThrow(): Promise<DeleteResult | UpdateResult> };

/** The deletions, each of a chunk of rows. */
function deletions(now: Date): Deletion[] {
  const before = (milliseconds: number): Date => new Date(now.getTime() - milliseconds);
  return [
    (sql) => {
      const expired = sql.selectFrom('refresh_token').select('hash').where('expiresAt', '<', now).limit(CHUNK);
      return sql.deleteFrom('refresh_token').where('hash', 'in', expired);
    },
    (sql) => {
      const expired = sql.selectFrom('recovery_token').select('id').where('expiresAt', '<', now).limit(CHUNK);
      return sql.deleteFrom('recovery_token').where('id', 'in', expired);
    },
    (sql) => {
      const expired = sql.selectFrom('sign_in_challenge').select('hash').where('expiresAt', '<', now).limit(CHUNK);
      return sql.deleteFrom('sign_in_challenge').where('hash', 'in', expired);
    },
    (sql) => {
      const expired = sql.selectFrom('provider_attempt').select('hash').where('expiresAt', '<', now).limit(CHUNK);
      return sql.deleteFrom('provider_attempt').where('hash', 'in', expired);
    },
    (sql) => {
      const begun = sql.selectFrom('second_factor').select('userId').where('begunAt', '<', before(ENROLMENT_MS));
      const never = begun.where('confirmedAt', 'is', null).limit(CHUNK);
      // The conditions are repeated on the row itself: it may be confirmed, or begun anew, meanwhile.
      return sql
        .deleteFrom('second_factor')
        .where('userId', 'in', never)
        .where('confirmedAt', 'is', null)
        .where('begunAt', '<', before(ENROLMENT_MS));
    },
    (sql) => {
      const old = sql.selectFrom('sign_in_attempts').select('key').where('lastAt', '<', before(FORGET_MS));
      // The condition is repeated on the row itself: another attempt may fail meanwhile.
      return sql
        .deleteFrom('sign_in_attempts')
        .where('key', 'in', old.limit(CHUNK))
        .where('lastAt', '<', before(FORGET_MS));
    },
    (sql) => {
      const given = before(REPEATABLE_MS);
      const old = sql
        .selectFrom('api_key')
        .select('id')
        .where('sealedSecret', 'is not', null)
        .where('rotatedAt', '<', given);
      // The condition is repeated on the row itself: the key may be rotated again meanwhile.
      return sql
        .updateTable('api_key')
        .set({ sealedSecret: null })
        .where('id', 'in', old.limit(CHUNK))
        .where('rotatedAt', '<', given);
    },
    (sql) => {
      const old = sql.selectFrom('session').select('id').where('expiresAt', '<', before(KEEP_SESSIONS_MS));
      return sql.deleteFrom('session').where('id', 'in', old.limit(CHUNK));
    },
  ];
}

/**
 * Scheduled job that deletes expired refresh tokens, mail tokens, challenges and attempts, second factors that were
 * never confirmed, sealed secrets of rotated API keys, sessions long over, and old failed attempts, in chunks, each a
 * short transaction.
 */
export const forgetExpired = ({ store, clock }: Pick<AgentContext<Tables>, 'store' | 'clock'>): ScheduledJob => ({
  name: 'forget-expired',
  everySeconds: 600,
  async run(signal) {
    for (const deletion of deletions(clock.now()))
      await inChunks(CHUNK, signal, () =>
        store.write({ locks: [], origin: {} }, async ({ sql }) =>
          numberOf(await deletion(sql).executeTakeFirstOrThrow()),
        ),
      );
  },
});
