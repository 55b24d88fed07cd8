/** The use cases of users that are about no proof of who they are: their roles, and the guests. Those of proofs are beside. */
import type { AgentContext } from '../../platform/agent/agent-context.ts';
import { refuse } from '../../platform/errors.ts';
import type { RequestContext } from '../../platform/graphql/context.ts';
import { checkVersion } from '../../platform/graphql/refusals.ts';
import { checkMerchantId } from '../../platform/identity/merchant-id.ts';
import { isId, newId } from '../../platform/ids.ts';
import { accountsOf } from './accounts.ts';
import { ADMINISTRATORS, hasAdministrator } from './administrators/service.ts';
import { apiKeyService } from './api-keys/service.ts';
import { recorder } from './audit/record.ts';
import { callersOf } from './callers.ts';
import { checkRoles } from './domain.ts';
import type { IdentityVariables } from './config.ts';
import { AccountSchema, type Tables } from './entities.ts';
import { rolesChanged } from './events.ts';
import { providerAttempts } from './providers/attempts.ts';
import { providerCallbacks } from './providers/callback.ts';
import { linkedIdentities } from './providers/identities.ts';
import { providerLinks } from './providers/links.ts';
import { providerSignIn } from './providers/service.ts';
import { recoveryService } from './recovery/service.ts';
import { recoveryTokens } from './recovery/tokens.ts';
import type { SetUserRolesInput } from './resolvers.generated.ts';
import { challengesOf } from './second-factor/challenges.ts';
import { secondFactorService } from './second-factor/service.ts';
import { sessionOpener } from './sessions/open-session.ts';
import { sessionService } from './sessions/service.ts';
import { attemptsOf } from './sign-in/attempts.ts';
import { signInService } from './sign-in/service.ts';

const GUEST_TOKEN_SECONDS = 30 * 86_400;

export const identityService = (agentContext: AgentContext<Tables, IdentityVariables>) => {
  const { clock, tokens } = agentContext;
  const accounts = accountsOf(agentContext);
  const attempts = attemptsOf(agentContext);
  const record = recorder(agentContext);
  const callers = callersOf(agentContext);
  const challenges = challengesOf(agentContext);
  const sessions = sessionOpener(agentContext, { accounts, attempts, record, challenges });
  const parts = { accounts, attempts, sessions, record, callers, challenges, recovery: recoveryTokens(agentContext) };
  const journeys = providerAttempts(agentContext);
  const callbacks = providerCallbacks(agentContext, { attempts: journeys, record });
  const providers = { ...parts, callbacks, identities: linkedIdentities(agentContext, journeys) };

  return {
    ...signInService(agentContext, parts),
    ...sessionService(agentContext, parts),
    ...apiKeyService(agentContext, parts),
    ...recoveryService(agentContext, parts),
    ...secondFactorService(agentContext, parts),
    ...providerSignIn(agentContext, providers),
    ...providerLinks(agentContext, providers),

    /** Ends the user's sessions with it: their tokens still say what they were allowed before. */
    async setUserRoles(input: SetUserRolesInput, context: RequestContext): Promise<string> {
      if (input.merchantId != null) checkMerchantId(input.merchantId, ['input', 'merchantId']);
      const change = { of: input.id, needs: 'identity:admin', locks: [ADMINISTRATORS] };
      return callers.change(change, context, async (work) => {
        const user = await work.find(AccountSchema, input.id, { path: ['input', 'id'] });
        checkVersion(user.version, input.expectedVersion);
        const { id } = user;
        const merchantId = input.merchantId ?? user.merchantId;
        const isLastAdministrator = !(await hasAdministrator(work.sql, id));
        const roles = checkRoles(user, input.roles, merchantId, { changedBy: context.actor.id, isLastAdministrator });
        const customerId = user.customerId ?? (roles.includes('CUSTOMER') ? newId('customer') : null);
        const changes = { roles, merchantId, customerId, updatedAt: clock.now() };
        const { version } = await work.save(AccountSchema, user, changes);
        work.publish(rolesChanged, { aggregateId: id, aggregateVersion: version, payload: { userId: id } });
        await sessions.rules.revoke(work, { userId: id }, 'ROLES_CHANGED', clock.now());
        const details = { before: user.roles, after: roles, merchantId: merchantId ?? undefined };
        await record(work, context, { action: 'ROLES_CHANGED', userId: id, details });
        return id;
      });
    },

    /** A token for whoever placed an order without an account: it opens that order and nothing else. */
    async issueGuestToken(orderId: string): Promise<{ token: string; expiresAt: Date }> {
      if (!isId(orderId, 'order'))
        throw refuse('INVALID_INPUT', 'The id of an order starts with `order_`.', ['input', 'orderId']);
      return tokens.sign({ id: `guest:${orderId}`, roles: ['GUEST'], orderId }, GUEST_TOKEN_SECONDS, clock.now());
    },
  };
};

export type IdentityService = ReturnType<typeof identityService>;
