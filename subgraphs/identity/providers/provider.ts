/** A client of one OpenID provider. The protocol is openid-client's. */
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
import { isSubject, type Vouched } from './domain.ts';
import { ProviderAway, ProviderRefusal, refusalIn } from './failures.ts';

/** The values that an answer is checked against. They are secret, but for state and nonce, which are in the URL. */
export interface Checks {
  state: string;
  nonce: string;
  verifier: string;
}

/** An OpenID provider. All methods throw ProviderAway when the provider gives no answer. */
export interface IdentityProvider {
  readonly id: string;
  readonly name: string;
  /** The URL to send a browser to, with the checks of its answer. */
  begin(redirectUri: string): Promise<{ url: URL; checks: Checks }>;
  /** The user who came back. @throws ProviderRefusal when the provider or its answer does not vouch for the user */
  complete(callback: URL, checks: Checks): Promise<Vouched>;
}

/** The time to live of cached metadata, which may change. Keys are refreshed by openid-client itself. */
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

  /** Fetched at a sign-in, not at the start: while a provider is away only its own sign-ins fail. */
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
    // Checks signatures of ID tokens, although TLS would do (OpenID Connect Core, 3.1.3.7): networks may be hostile.
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
  if (!isSubject(subject)) throw new ProviderRefusal('invalid_subject');
  // Some providers have the claims in the ID token, some only in the user info.
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
