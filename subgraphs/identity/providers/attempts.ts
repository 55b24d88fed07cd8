/**
 * Attempts to sign in by a provider, or to link one. Whoever begins gets a token that is in no address: without it the
 * address that the provider leads back to is worth nothing, so one that was stolen signs nobody in, and one that was
 * slipped to somebody else does not sign them in as its sender (login CSRF; RFC 9700, 4.7).
 */
import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import { columnsOf } from '../../../platform/data/entity-table.ts';
import type { Origin, Work } from '../../../platform/store/store.ts';
import { refuse, Unavailable } from '../../../platform/errors.ts';
import type { IdentityVariables } from '../config.ts';
import type { Tables } from '../entities.ts';
import { hashOfToken, newRefreshToken } from '../sessions/refresh-token.ts';
import { type ProviderAttemptRow, ProviderAttemptSchema } from './entities.ts';
import type { Checks } from './provider.ts';

/** How long somebody may take at the provider. */
const ATTEMPT_MS = 600_000;
/** Longer than a provider may take to answer. */
const BUSY_MS = 10_000;

/** Where it is to lead, and for whom: the session that links, or null for who signs in. */
export interface Beginning {
  provider: string;
  redirectUri: string;
  checks: Checks;
  sessionId: string | null;
}

/** What is known of an attempt before it is completed. */
export interface Attempt extends Beginning {
  hash: string;
  begun: Date;
}

/** What an attempt was completed with before. */
export interface Completed {
  identityId: string;
  begun: Date;
}

type Outcome = Pick<ProviderAttemptRow, 'callbackHash' | 'identityId'>;

const invalid = () =>
  refuse('INVALID_SIGN_IN_ATTEMPT', 'The attempt is over, or was not begun here: begin anew.', [
    'input',
    'attemptToken',
  ]);

const contextOf = (hash: string): string => `provider attempt:${hash}`;

export const providerAttempts = ({
  store,
  clock,
  config,
  secrets,
}: Pick<AgentContext<Tables, IdentityVariables>, 'store' | 'clock' | 'config' | 'secrets'>) => ({
  /** The token is shown once, to whoever begins. */
  async begin({ checks, provider, redirectUri, sessionId }: Beginning, origin: Origin) {
    const [token, now] = [newRefreshToken(), clock.now()];
    const hash = hashOfToken(token);
    const expiresAt = new Date(now.getTime() + ATTEMPT_MS);
    const sealed = secrets.seal(JSON.stringify(checks), contextOf(hash));
    const row = { hash, provider, redirectUri, sealed, sessionId };
    await store.write({ locks: [], origin }, (work) =>
      work.insert(ProviderAttemptSchema, { ...row, createdAt: now, expiresAt }),
    );
    return { attemptToken: token, expiresAt };
  },

  /**
   * An attempt that is still to be completed, by whoever began it; or what it was completed with, if its answer was
   * lost: the same address came to the same token a moment ago. @throws Refusal INVALID_SIGN_IN_ATTEMPT
   */
  async find(token: string, callbackUrl: string, sessionId: string | null): Promise<Attempt | Completed> {
    const [hash, now] = [hashOfToken(token), clock.now()];
    const row = await store.read
      .selectFrom('provider_attempt')
      .select(columnsOf(ProviderAttemptSchema))
      .where('hash', '=', hash)
      .where('expiresAt', '>', now)
      .executeTakeFirst();
    if (!row || row.sessionId !== sessionId) throw invalid();
    if (!row.usedAt) {
      const checks: Checks = JSON.parse(secrets.open(row.sealed, contextOf(hash)));
      return { hash, provider: row.provider, redirectUri: row.redirectUri, checks, sessionId, begun: row.createdAt };
    }
    const isLate = now.getTime() - row.usedAt.getTime() > config.REFRESH_GRACE_SECONDS * 1000;
    if (isLate || !row.identityId || row.callbackHash !== hashOfToken(callbackUrl)) throw invalid();
    return { identityId: row.identityId, begun: row.createdAt };
  },

  /** Keeps others from completing it meanwhile. @throws Unavailable while somebody else does */
  async claim({ hash }: Attempt, origin: Origin): Promise<void> {
    const now = clock.now();
    const claimed = await store.write({ locks: [], origin }, ({ sql }) =>
      sql
        .updateTable('provider_attempt')
        .set({ busyUntil: new Date(now.getTime() + BUSY_MS) })
        .where('hash', '=', hash)
        .where('usedAt', 'is', null)
        .where((eb) => eb.or([eb('busyUntil', 'is', null), eb('busyUntil', '<', now)]))
        .returning('hash')
        .executeTakeFirst(),
    );
    if (!claimed) throw new Unavailable('Another request is completing this attempt.');
  },

  /** It came to nothing for now: it may be completed again. */
  release: ({ hash }: Attempt, origin: Origin) =>
    store.write({ locks: [], origin }, ({ sql }) =>
      sql.updateTable('provider_attempt').set({ busyUntil: null }).where('hash', '=', hash).execute(),
    ),

  /** It is over, whatever came of it. Whether it was not before. */
  async end({ sql }: Work<Tables>, { hash }: Attempt, by: Partial<Outcome> = {}): Promise<boolean> {
    const ended = await sql
      .updateTable('provider_attempt')
      .set({ usedAt: clock.now(), ...by })
      .where('hash', '=', hash)
      .where('usedAt', 'is', null)
      .returning('hash')
      .executeTakeFirst();
    return ended !== undefined;
  },

  /** It is completed, with this identity. @throws Refusal INVALID_SIGN_IN_ATTEMPT if it was over before */
  async finish(work: Work<Tables>, attempt: Attempt, callbackUrl: string, identityId: string): Promise<void> {
    const by = { callbackHash: hashOfToken(callbackUrl), identityId };
    if (!(await this.end(work, attempt, by))) throw invalid();
  },
});

export type ProviderAttempts = ReturnType<typeof providerAttempts>;
