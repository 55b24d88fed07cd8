/**
 * The use cases of users other than authentication: roles, and tokens of guests. Each kind of authentication is a
 * capability.
 */
import type { AgentContext } from '../../platform/agent/agent-context.ts';
import { refuse } from '../../platform/errors.ts';
import type { RequestContext } from '../../platform/graphql/context.ts';
import { checkVersion } from '../../platform/graphql/refusals.ts';
import { checkMerchantId } from '../../platform/identity/merchant-id.ts';
import { isId, newId } from '../../platform/ids.ts';
import { ADMINISTRATORS, hasAdministrator } from './administrators/service.ts';
import { checkRoles } from './domain.ts';
import { AccountSchema, type Tables } from './entities.ts';
import { rolesChanged } from './events.ts';
import type { IdentityParts } from './parts.ts';
import type { SetUserRolesInput } from './resolvers.generated.ts';

const GUEST_TOKEN_SECONDS = 30 * 86_400;

export const identityService = (
  { clock, tokens }: Pick<AgentContext<Tables>, 'clock' | 'tokens'>,
  { callers, record, sessions }: IdentityParts,
) => ({
  /** Changes roles, and ends the user's sessions, whose tokens still hold the old roles. */
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

  /** A token for a guest who placed an order: it opens that order and nothing else. */
  async issueGuestToken(orderId: string): Promise<{ token: string; expiresAt: Date }> {
    if (!isId(orderId, 'order'))
      throw refuse('INVALID_INPUT', 'The id of an order starts with `order_`.', ['input', 'orderId']);
    return tokens.sign({ id: `guest:${orderId}`, roles: ['GUEST'], orderId }, GUEST_TOKEN_SECONDS, clock.now());
  },
});

export type IdentityService = ReturnType<typeof identityService>;
