import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import type { Electorate } from '../../../platform/approvals/vote.ts';
import { rolesOfUser } from '../commands/identity.generated.ts';

/** Who may vote on refunds, by the scopes that the mutations of schema.graphql ask for. */
export const refundElectorate = ({ ask }: Pick<AgentContext, 'ask'>): Electorate => ({
  scopes: ['payment:read', 'payment:write'],
  rolesOf: async (id, within) => (await ask(rolesOfUser, { id }, { within })).users?.nodes[0]?.roles,
});
