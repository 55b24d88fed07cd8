/** An OpenID provider on this machine: `oidc-provider`, a certified one, with people who are signed in without a page. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair } from 'jose';
import { type Context, Provider } from 'oidc-provider';

/** The provider's claims of a person, after OpenID Connect. */
export interface Person {
  email?: unknown;
  email_verified?: unknown;
  name?: string;
  preferred_username?: string;
}

/** The page that it redirects back to. */
export const REDIRECT_URI = 'http://127.0.0.1/signed-in';

/** The provider under test. */
export interface OpenIdProvider {
  issuer: string;
  /** The people that it knows, by their subject. */
  people: Map<string, Person>;
  /** Signs its ID tokens, as `kid` says. */
  key: { private: CryptoKey; public: CryptoKey; kid: string };
  /** One entry of OIDC_PROVIDERS for it. */
  settings(id: string): Record<string, unknown>;
  /** Visits it like a browser of this person. Returns the address that it redirects back to. */
  visit(authorizationUrl: string, subject: string): Promise<string>;
  /** Changes its answers, by its routes: `token`, `userinfo`. */
  tamper: Record<string, (body: any) => any>;
  /** Handles requests before they reach it: true if one was answered, or is not to be. */
  intercept: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
  /** Number of requests for each path. */
  asked: Map<string, number>;
  close(): Promise<void>;
}

const CLIENT = { client_id: 'agora', client_secret: 'a secret of the test provider' };

/** Set-up of the provider. */
interface Setup {
  /** Whether the ID token has the claims that userinfo would have. */
  inIdToken?: boolean;
  /** How Agora authenticates itself. */
  authentication?: 'client_secret_basic' | 'client_secret_post' | 'none';
  /** Algorithm that signs ID tokens. */
  alg?: 'RS256' | 'ES256';
}

/** Starts a provider. */
export async function openOpenIdProvider(setup: Setup = {}): Promise<OpenIdProvider> {
  const { authentication = 'client_secret_basic', alg = 'RS256' } = setup;
  const people = new Map<string, Person>();
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const kid = 'test';
  let handle: (request: IncomingMessage, response: ServerResponse) => void = () => {};
  const server = createServer((request, response) => handle(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const jwk = { ...(await exportJWK(privateKey)), kid, use: 'sig', alg };
  const provider = quietly(() => new Provider(issuer, configurationOf(people, jwk, setup)));
  const self: OpenIdProvider = {
    issuer,
    people,
    key: { private: privateKey, public: publicKey, kid },
    settings: (id) => ({
      id,
      name: `Test ${id}`,
      issuer,
      clientId: CLIENT.client_id,
      ...(authentication !== 'none' && {
        clientSecret: CLIENT.client_secret,
        clientAuthentication: authentication,
      }),
    }),
    visit: (url, subject) => visit(url, subject),
    tamper: {},
    intercept: undefined,
    asked: new Map(),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  provider.use(async (context: Context, next) => {
    await next();
    const tamper = context.oidc && self.tamper[context.oidc.route];
    if (tamper) context.body = await tamper(context.body);
  });
  const serve = provider.callback();
  handle = (request, response) => {
    const { pathname } = new URL(request.url!, issuer);
    self.asked.set(pathname, (self.asked.get(pathname) ?? 0) + 1);
    if (self.intercept?.(request, response)) return;
    if (!pathname.startsWith('/interaction/')) return void serve(request, response);
    const accountId = String(request.headers['x-subject']);
    const result = accountId === 'nobody' ? { error: 'access_denied' } : { login: { accountId } };
    provider.interactionFinished(request, response, result).catch((error) => response.destroy(error));
  };
  return self;
}

const configurationOf = (people: Map<string, Person>, jwk: object, { inIdToken, authentication, alg }: Setup) => ({
  clients: [
    {
      ...CLIENT,
      redirect_uris: [REDIRECT_URI],
      token_endpoint_auth_method: authentication ?? 'client_secret_basic',
      id_token_signed_response_alg: alg ?? 'RS256',
    },
  ],
  jwks: { keys: [jwk] },
  cookies: { keys: [randomBytes(16).toString('hex')] },
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'preferred_username'] },
  conformIdTokenClaims: !inIdToken,
  features: { devInteractions: { enabled: false } },
  pkce: { required: () => true },
  ttl: { Interaction: 600, Session: 600, Grant: 600, AccessToken: 600, IdToken: 600, AuthorizationCode: 60 },
  interactions: { url: (_: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
  findAccount: (_: unknown, accountId: string) =>
    people.has(accountId) && { accountId, claims: () => ({ sub: accountId, ...people.get(accountId) }) },
  // Consent is given without a page.
  async loadExistingGrant({ oidc }: any) {
    const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
    grant.addOIDCScope('openid email profile');
    await grant.save();
    return grant;
  },
});

/** Silences its warning that everything is kept in memory, which a test wants. */
function quietly<T>(make: () => T): T {
  const { warn } = console;
  console.warn = () => {};
  try {
    return make();
  } finally {
    console.warn = warn;
  }
}

/** Follows redirects with its cookies, until it is led back. */
async function visit(authorizationUrl: string, subject: string): Promise<string> {
  const cookies = new Map<string, string>();
  let url = authorizationUrl;
  for (let hops = 0; hops < 10; hops++) {
    const cookie = Array.from(cookies, ([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, { redirect: 'manual', headers: { cookie, 'x-subject': subject } });
    for (const text of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(text)!;
      cookies.set(name!, value!);
    }
    const location = response.headers.get('location');
    if (!location) throw new Error(`the provider answers ${response.status}: ${await response.text()}`);
    url = new URL(location, url).href;
    if (url.startsWith(REDIRECT_URI)) return url;
  }
  throw new Error('the provider does not lead back');
}
