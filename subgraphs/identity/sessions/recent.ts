import type { Ground } from '../../../platform/agent/ground.ts';
import { refuse } from '../../../platform/errors.ts';
import type { Actor } from '../../../platform/identity/actor.ts';
import { requireSession } from '../access.ts';
import type { Tables } from '../entities.ts';
import { RECENT_MS } from '../second-factor/domain.ts';

/**
 * What decides who can sign in is for who has just done so: whoever finds an open browser must not take the account with
 * it. Renewing a session does not make it recent. The session. @throws Refusal REAUTHENTICATION_REQUIRED; Forbidden without a session, as for an API key
 */
export async function requireRecentSignIn(
  { store, clock }: Pick<Ground<Tables>, 'store' | 'clock'>,
  actor: Actor,
): Promise<string> {
  const id = requireSession(actor);
  const session = await store.read.selectFrom('session').select('started_at').where('id', '=', id).executeTakeFirst();
  if (session && clock.now().getTime() - session.started_at.getTime() <= RECENT_MS) return id;
  throw refuse('REAUTHENTICATION_REQUIRED', 'Sign in again: it is some time ago.');
}
