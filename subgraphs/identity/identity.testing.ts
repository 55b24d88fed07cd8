/** Helpers that the tests of this room share. */
import { expect } from '@jest/globals';
import type { Client } from '../../platform/graphql/context.ts';
import type { Actor } from '../../platform/identity/actor.ts';
import { ANONYMOUS } from '../../platform/identity/actor.ts';
import { newId } from '../../platform/ids.ts';
import { admin, type TestAgents } from '../../tests/support/agents.ts';

export const PASSWORD = 'correct horse battery';
const AUTH =
  'accessToken refreshToken expiresAt user { id email name roles version customer { id } } userErrors { code message path ... on TooManyAttempts { retryAt } ... on SecondFactorRequired { challenge expiresAt } }';

/** A client that signs up, in and out. */
export const clientOf = (agents: TestAgents, client?: Client) => {
  const asking = agents.from(client);
  const { mutate } = asking;
  const clients = {
    ...asking,
    signUp: (input: Record<string, unknown>) =>
      mutate('signUp', { name: 'Ada', password: PASSWORD, ...input }, AUTH, ANONYMOUS),
    signIn: (email: string, password = PASSWORD) => mutate('signIn', { email, password }, AUTH, ANONYMOUS),
    completeSignIn: (challenge: string, code: string) => mutate('completeSignIn', { challenge, code }, AUTH, ANONYMOUS),
    refresh: (refreshToken: string) => mutate('refreshSession', { refreshToken }, AUTH, ANONYMOUS),
    signOut: (as: Actor) => mutate('signOut', undefined, 'signedOut userErrors { code }', as),
    setRoles: (input: Record<string, unknown>, as: Actor) => {
      const shown = 'user { id roles version merchantId customer { id } } userErrors { code path }';
      return mutate('setUserRoles', input, shown, as);
    },
    /** The actor of an answer's access token. */
    actorOf: async ({ accessToken }: { accessToken: string }): Promise<Actor> =>
      (await agents.tokens.verify(accessToken, agents.clock.now())).actor,
    /** A user with these roles who has just signed in. */
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
