import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import { refuse } from '../../../platform/errors.ts';
import type { Actor } from '../../../platform/identity/actor.ts';
import { requireSession } from '../access.ts';
import type { Tables } from '../entities.ts';

/** The time for which a sign-in replaces the password. */
const RECENT_MS = 10 * 60_000;

type SessionContext = Pick<AgentContext<Tables>, 'store' | 'clock'>;

/**
 * Whether this session began recently. A refresh does not make it recent.
 * @throws Forbidden without a session, as for an API key
 */
export async function hasJustSignedIn({ store, clock }: SessionContext, actor: Actor): Promise<boolean> {
  const id = requireSession(actor);
  const session = await store.read.selectFrom('session').select('startedAt').where('id', '=', id).executeTakeFirst();
  return session !== undefined && clock.now().getTime() - session.startedAt.getTime() <= RECENT_MS;
}

/**
 * Requires a recent sign-in for changes of the ways in: an open browser must not be enough to take the account over.
 * Returns the session's id.
 * @throws Refusal REAUTHENTICATION_REQUIRED; Forbidden as {@link hasJustSignedIn}
 */
export async function requireRecentSignIn(agentContext: SessionContext, actor: Actor): Promise<string> {
  if (await hasJustSignedIn(agentContext, actor)) return requireSession(actor);
  throw refuse('REAUTHENTICATION_REQUIRED', 'Sign in again: it is some time ago.');
}
