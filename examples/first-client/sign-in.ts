import { accepted, ask } from './agora.ts';
import { graphql } from './gql/index.ts';

const SignIn = graphql(/* GraphQL */ `
  mutation SignIn($input: SignInInput!) {
    signIn(input: $input) {
      accessToken
      refreshToken
      expiresAt
      userErrors {
        message
      }
    }
  }
`);

const Refresh = graphql(/* GraphQL */ `
  mutation Refresh($input: RefreshSessionInput!) {
    refreshSession(input: $input) {
      accessToken
      refreshToken
      expiresAt
      userErrors {
        message
      }
    }
  }
`);

/** The headers of a request, which authenticate the caller. */
export interface Headers {
  authorization: string;
}

/** A session that stays open. */
export interface Session {
  /** The headers for the next request. Their token is valid for a while: it is renewed when half its time is over. */
  headers(): Promise<Headers>;
  /** Renews the token now, since it was refused. @throws Refused if the session was ended */
  renew(): Promise<void>;
  /** How often a socket that stays open must be given the headers anew, in milliseconds. */
  renewMs: number;
}

/** Signs in. An access token is valid for 15 minutes; the session gets the next one in time, by its refresh token. */
export async function signIn(email: string, password: string): Promise<Session> {
  let tokens = accepted((await ask(SignIn, { input: { email, password } })).signIn);
  const lifeMs = leftOf(tokens);
  let renewal: Promise<void> | undefined;
  // A refresh token is valid once. So there is one renewal at a time, and concurrent requests wait for it.
  const refresh = async (): Promise<void> => {
    tokens = accepted((await ask(Refresh, { input: { refreshToken: tokens.refreshToken! } })).refreshSession);
  };
  const renew = (): Promise<void> => (renewal ??= refresh().finally(() => (renewal = undefined)));
  return {
    renewMs: lifeMs / 3,
    renew,
    async headers() {
      if (leftOf(tokens) < lifeMs / 2) await renew();
      return { authorization: `Bearer ${tokens.accessToken}` };
    },
  };
}

const leftOf = ({ expiresAt }: { expiresAt?: string | null }): number => Date.parse(expiresAt!) - Date.now();
