/** One OpenID provider: what is asked of it, and what it says of who comes back. The protocol is openid-client's. */
import {
  type Configuration,
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  ClientSecretBasic,
  ClientSecretPost,
  discovery,
  enableNonRepudiationChecks,
  fetchUserInfo,
  None,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
} from 'openid-client';
import type { Clock } from '../../../platform/clock.ts';
import type { IdentityProviderConfig } from './config.ts';
import { scalars } from '../../../platform/graphql/scalars.ts';
import type { Guards } from '../../../platform/resilience/breakers.ts';
import { POLICIES } from '../../../platform/resilience/policies.ts';
import type { Vouched } from './domain.ts';
import { ProviderAway, ProviderRefusal, refusalIn } from './failures.ts';

/** What an answer is checked against. Nobody sees it but us, except for the state and the nonce that the address holds. */
export interface Checks {
  state: string;
  nonce: string;
  verifier: string;
}

/** An OpenID provider. All of it throws ProviderAway when the provider gives no answer. */
export interface IdentityProvider {
  readonly id: string;
  readonly name: string;
  /** The address to send a browser to, and what its answer will be checked against. */
  begin(redirectUri: string): Promise<{ url: URL; checks: Checks }>;
  /** Who came back. @throws ProviderRefusal when the provider, or what it says, does not vouch for them */
  complete(callback: URL, checks: Checks): Promise<Vouched>;
}

/** Metadata may change, keys change by themselves: it is read anew so often. */
const METADATA_MS = 3_600_000;

export function identityProvider(
  settings: IdentityProviderConfig,
  { guards, clock }: { guards: Guards; clock: Clock },
): IdentityProvider {
  const { id, name, scopes } = settings;
  const guard = guards(`identity provider ${id}`, {
    policy: POLICIES.provider,
    isIllness: (error) => !(error instanceof ProviderRefusal),
  });
  let known: { at: number; configuration: Promise<Configuration> } | undefined;

  /** Asked for when somebody signs in, not at the start: a provider that is away costs its own sign-ins. */
  const configuration = async (): Promise<Configuration> => {
    const now = clock.now().getTime();
    if (!known || Math.abs(now - known.at) > METADATA_MS) known = { at: now, configuration: discover(settings) };
    const asked = known;
    asked.configuration.catch(() => known === asked && (known = undefined));
    return asked.configuration;
  };

  const call = async <T>(work: (from: Configuration) => Promise<T>): Promise<T> => {
    try {
      return await guard.execute(async () => {
        const from = await configuration();
        return work(from).catch((error: unknown) => {
          throw refusalIn(error) ?? error;
        });
      });
    } catch (error) {
      throw error instanceof ProviderRefusal ? error : new ProviderAway(settings, error);
    }
  };

  return {
    id,
    name,
    begin: (redirectUri) =>
      call(async (from) => {
        const checks = { state: randomState(), nonce: randomNonce(), verifier: randomPKCECodeVerifier() };
        const url = buildAuthorizationUrl(from, {
          redirect_uri: redirectUri,
          scope: scopes.join(' '),
          state: checks.state,
          nonce: checks.nonce,
          code_challenge: await calculatePKCECodeChallenge(checks.verifier),
          code_challenge_method: 'S256',
        });
        return { url, checks };
      }),
    complete: (callback, checks) => call((from) => whoCameBack(from, callback, checks)),
  };
}

const timeout = POLICIES.provider.timeoutMs / 1000;

function discover({ issuer, clientId, clientSecret, clientAuthentication }: IdentityProviderConfig) {
  const authentication = clientAuthentication === 'client_secret_post' ? ClientSecretPost : ClientSecretBasic;
  const server = new URL(issuer);
  return discovery(server, clientId, undefined, clientSecret ? authentication(clientSecret) : None(), {
    timeout,
    // Signatures of ID tokens are checked although TLS would do (OpenID Connect Core, 3.1.3.7): not every network is one's own.
    execute: [enableNonRepudiationChecks, ...(server.protocol === 'http:' ? [allowInsecureRequests] : [])],
  });
}

async function whoCameBack(from: Configuration, callback: URL, checks: Checks): Promise<Vouched> {
  const tokens = await authorizationCodeGrant(from, callback, {
    pkceCodeVerifier: checks.verifier,
    expectedState: checks.state,
    expectedNonce: checks.nonce,
    idTokenExpected: true,
  });
  const { iss: issuer, sub: subject, ...claims } = tokens.claims()!;
  // Some say it in the ID token, some only when they are asked with the access token.
  const isAsked = claims.email === undefined && from.serverMetadata().userinfo_endpoint;
  const said = isAsked ? await fetchUserInfo(from, tokens.access_token, subject) : claims;
  return {
    issuer,
    subject,
    email: address(said.email),
    // Apple says "true" (https://developer.apple.com/documentation/signinwithapple/authenticating-users-with-sign-in-with-apple).
    isEmailVerified: said.email_verified === true || said.email_verified === ('true' as unknown),
    name: text(said.name) ?? text(said.preferred_username),
  };
}

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value.trim() ? value.trim() : undefined;

function address(value: unknown): string | undefined {
  try {
    return scalars.EmailAddress.parseValue(value) as string;
  } catch {
    return undefined;
  }
}
