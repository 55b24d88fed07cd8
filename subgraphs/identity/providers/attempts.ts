/**
 * Attempts to sign in by a provider, or to link one. The client that begins gets a token that is in no URL: without it
 * the callback URL is worth nothing, so a stolen one signs no one in, and one that was slipped to another user does not
 * sign that user in as its sender (login CSRF; RFC 9700, 4.7).
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

/** The time that a user may take at the provider. */
const ATTEMPT_MS = 600_000;
/** The lease of a claim: longer than a provider may take to answer. */
const BUSY_MS = 10_000;

/** The beginning of an attempt, with the session that links, or null for a sign-in. */
export interface Beginning {
  provider: string;
  redirectUri: string;
  checks: Checks;
  sessionId: string | null;
}

/** An attempt that is not completed yet. */
export interface Attempt extends Beginning {
  hash: string;
  begun: Date;
}

/** The identity with which an attempt was completed before. */
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
  /** Begins an attempt. Its token is shown once, to the client that begins. */
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
   * An attempt to complete, of the same session or sign-in; or its completion, if the answer was lost: the same
   * callback URL came with the same token a moment ago.
   * @throws Refusal INVALID_SIGN_IN_ATTEMPT
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

  /**
   * Claims an attempt, so that no other request completes it meanwhile.
   * @throws Unavailable while another has the claim
   */
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

  /** Releases a claim, so that the attempt can be completed later. */
  release: ({ hash }: Attempt, origin: Origin) =>
    store.write({ locks: [], origin }, ({ sql }) =>
      sql.updateTable('provider_attempt').set({ busyUntil: null }).where('hash', '=', hash).execute(),
    ),

  /** Ends an attempt with any outcome. Returns false if it was ended before. */
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

  /** Completes an attempt with this identity. @throws Refusal INVALID_SIGN_IN_ATTEMPT if it was ended before */
  async finish(work: Work<Tables>, attempt: Attempt, callbackUrl: string, identityId: string): Promise<void> {
    const by = { callbackHash: hashOfToken(callbackUrl), identityId };
    if (!(await this.end(work, attempt, by))) throw invalid();
  },
});

export type ProviderAttempts = ReturnType<typeof providerAttempts>;
