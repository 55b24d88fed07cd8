/** What the tests of this room share. */
import { expect } from '@jest/globals';
import type { Actor } from '../../platform/identity/actor.ts';
import { ANONYMOUS } from '../../platform/identity/actor.ts';
import type { TestAgents } from '../../tests/support/agents.ts';

export const PASSWORD = 'correct horse battery';
const AUTH =
  '{ accessToken refreshToken expiresAt user { id email name roles version customer { id } } userErrors { code message path } }';

/** Signs up, in and out, as clients do. */
export const clientOf = (agents: TestAgents) => {
  const ask = async (query: string, variables: Record<string, unknown> = {}, as: Actor = ANONYMOUS) => {
    const result = await agents.ask('identity', query, variables, as);
    expect(result.errors).toBeUndefined();
    return result.data;
  };
  return {
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
  };
};
