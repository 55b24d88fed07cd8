import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import { refuse } from '../../../platform/errors.ts';
import type { Actor } from '../../../platform/identity/actor.ts';
import { requireSession } from '../access.ts';
import type { Tables } from '../entities.ts';

/** For so long a sign-in stands for the password. */
const RECENT_MS = 10 * 60_000;

type SessionContext = Pick<AgentContext<Tables>, 'store' | 'clock'>;

/** Whether this session began a moment ago. Renewing it does not make it recent. @throws Forbidden without a session, as for an API key */
export async function hasJustSignedIn({ store, clock }: SessionContext, actor: Actor): Promise<boolean> {
  const id = requireSession(actor);
  const session = await store.read.selectFrom('session').select('startedAt').where('id', '=', id).executeTakeFirst();
  return session !== undefined && clock.now().getTime() - session.startedAt.getTime() <= RECENT_MS;
}

/**
 * What decides who can sign in is for who has just done so: whoever finds an open browser must not take the account with
 * it. The session. @throws Refusal REAUTHENTICATION_REQUIRED; Forbidden as {@link hasJustSignedIn}
 */
export async function requireRecentSignIn(agentContext: SessionContext, actor: Actor): Promise<string> {
  if (await hasJustSignedIn(agentContext, actor)) return requireSession(actor);
  throw refuse('REAUTHENTICATION_REQUIRED', 'Sign in again: it is some time ago.');
}
