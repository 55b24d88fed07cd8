/** Helpers that the tests of providers share. */
import { raw } from '../../../platform/data/raw.ts';
import { openAgents, type TestAgents } from '../../../tests/support/agents.ts';
import { ANONYMOUS, type Actor } from '../../../platform/identity/actor.ts';
import type { Logger } from '../../../platform/log.ts';
import { type OpenIdProvider, REDIRECT_URI } from '../../../tests/support/openid-provider.ts';
import { clientOf } from '../identity.testing.ts';

const BEGUN = 'authorizationUrl attemptToken expiresAt userErrors { code message path }';
const AUTH =
  'accessToken refreshToken expiresAt user { id email name roles emailVerified } userErrors { code message path ... on SecondFactorRequired { challenge } }';

const TABLES = ['account', 'session', 'refresh_token', 'linked_identity'];

/** The data that a client holds while its user is at the provider. */
export interface Begun {
  authorizationUrl: string;
  attemptToken: string;
  expiresAt: string;
  userErrors: { code: string; message: string; path: string[] | null }[];
}

/** Agents with providers to sign in by. */
export type ProvidedAgents = Awaited<ReturnType<typeof openProvided>>;

/** Opens identity, and the agents that it asks, with these providers. */
export async function openProvided(providers: readonly OpenIdProvider[], log?: Logger) {
  const settings = providers.map((provider, index) => provider.settings(NAMES[index]!));
  const agents: TestAgents = await openAgents(['customer', 'identity'], {
    config: { OIDC_PROVIDERS: JSON.stringify(settings), SIGN_IN_REDIRECT_URIS: REDIRECT_URI },
    log,
  });
  const client = clientOf(agents);
  const begin = (provider: string, redirectUri = REDIRECT_URI): Promise<Begun> =>
    client.mutate('beginProviderSignIn', { provider, redirectUri }, BEGUN, ANONYMOUS);
  const complete = (attemptToken: string, callbackUrl: string) =>
    client.mutate('completeProviderSignIn', { attemptToken, callbackUrl }, AUTH, ANONYMOUS);

  return {
    agents,
    client,
    begin,
    complete,
    /** Sends a user to the provider and back. */
    async signIn(provider: OpenIdProvider, subject: string) {
      const { authorizationUrl, attemptToken } = await begin(NAMES[providers.indexOf(provider)]!);
      return complete(attemptToken, await provider.visit(authorizationUrl, subject));
    },
    beginLink: (provider: string, as: Actor): Promise<Begun> =>
      client.mutate('beginIdentityLink', { provider, redirectUri: REDIRECT_URI }, BEGUN, as),
    link: (attemptToken: string, callbackUrl: string, as: Actor) =>
      client.mutate('linkIdentity', { attemptToken, callbackUrl }, LINKED, as),
    unlink: (id: string, as: Actor) => client.mutate('unlinkIdentity', { id }, 'done userErrors { code path }', as),
    identities: async (as: Actor) =>
      (await client.query('me', {}, 'identities { id provider email linkedAt lastUsedAt }', as)).identities,
    /** Counts of the rows that a successful sign-in would add. */
    traces: async (): Promise<Record<string, number>> => {
      const { rows } = await raw<{ traces: Record<string, number> }>(
        agents.kysely,
        `select json_build_object(${TABLES.map((name) => `'${name}', (select count(*) from identity.${name})`).join()}) traces`,
      );
      return rows[0]!.traces;
    },
    audit: async () =>
      (
        await agents.kysely
          .selectFrom('identity.audit_entry')
          .select(['action', 'userId', 'objectId', 'details'])
          .orderBy('position')
          .execute()
      ).map((entry) => ({ ...entry, details: JSON.parse(entry.details) })),
  };
}

const LINKED = 'identity { id provider email } userErrors { code message path }';
/** The providers' ids, in their order. */
const NAMES = ['acme', 'other'];
