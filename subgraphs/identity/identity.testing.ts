/** What the tests of this room share. */
import { expect } from '@jest/globals';
import type { ExecutionResult } from 'graphql';
import type { Client } from '../../platform/graphql/context.ts';
import type { Actor } from '../../platform/identity/actor.ts';
import { ANONYMOUS } from '../../platform/identity/actor.ts';
import { newId } from '../../platform/ids.ts';
import { admin, type TestAgents } from '../../tests/support/agents.ts';

export const PASSWORD = 'correct horse battery';
const AUTH =
  '{ accessToken refreshToken expiresAt user { id email name roles version customer { id } } userErrors { code message path ... on TooManyAttempts { retryAt } ... on SecondFactorRequired { challenge expiresAt } } }';

/** Signs up, in and out, as clients do. */
export const clientOf = (agents: TestAgents, client?: Client) => {
  const identity = agents.host.subgraphs.find(({ name }) => name === 'identity')!;
  const ask = async (query: string, variables: Record<string, unknown> = {}, as: Actor = ANONYMOUS) => {
    const context = { actor: as, correlationId: newId('req'), client };
    const result = (await identity.execute({ query, variables }, context)) as ExecutionResult<any>;
    expect(result.errors).toBeUndefined();
    return result.data!;
  };
  const clients = {
    ask,
    signUp: async (input: Record<string, unknown>) =>
      (
        await ask(`mutation ($input: SignUpInput!) { signUp(input: $input) ${AUTH} }`, {
          input: { name: 'Ada', password: PASSWORD, ...input },
        })
      ).signUp,
    signIn: async (email: string, password = PASSWORD) =>
      (await ask(`mutation ($input: SignInInput!) { signIn(input: $input) ${AUTH} }`, { input: { email, password } }))
        .signIn,
    completeSignIn: async (challenge: string, code: string) =>
      (
        await ask(`mutation ($input: CompleteSignInInput!) { completeSignIn(input: $input) ${AUTH} }`, {
          input: { challenge, code },
        })
      ).completeSignIn,
    refresh: async (refreshToken: string) =>
      (
        await ask(`mutation ($input: RefreshSessionInput!) { refreshSession(input: $input) ${AUTH} }`, {
          input: { refreshToken },
        })
      ).refreshSession,
    signOut: async (as: Actor) => (await ask('mutation { signOut { signedOut userErrors { code } } }', {}, as)).signOut,
    setRoles: async (input: Record<string, unknown>, as: Actor) =>
      (
        await ask(
          'mutation ($input: SetUserRolesInput!) { setUserRoles(input: $input) { user { id roles version merchantId customer { id } } userErrors { code path } } }',
          { input },
          as,
        )
      ).setUserRoles,
    /** The actor of an answer's access token. */
    actorOf: async ({ accessToken }: { accessToken: string }): Promise<Actor> =>
      (await agents.tokens.verify(accessToken, agents.clock.now())).actor,
    /** Somebody with these roles who has just signed in. */
    staff: async (...roles: string[]): Promise<Actor> => {
      const email = `${newId('staff')}@example.com`;
      const { user } = await clients.signUp({ email });
      const merchantId = roles.includes('MERCHANT') ? 'merchant_a' : undefined;
      const set = await clients.setRoles({ id: user.id, expectedVersion: 1, roles, merchantId }, admin);
      expect(set.userErrors).toEqual([]);
      return clients.actorOf(await clients.signIn(email));
    },
  };
  return clients;
};
