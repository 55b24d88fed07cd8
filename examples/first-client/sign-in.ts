import { accepted, ask } from './agora.ts';
import { graphql } from './gql/index.ts';

const SignIn = graphql(/* GraphQL */ `
  mutation SignIn($input: SignInInput!) {
    signIn(input: $input) {
      accessToken
      userErrors {
        message
      }
    }
  }
`);

/** Signs in, and returns the headers that say so. The token is good for 15 minutes; `refreshSession` gives a new one. */
export async function signIn(email: string, password: string): Promise<{ authorization: string }> {
  const { accessToken } = accepted((await ask(SignIn, { input: { email, password } })).signIn);
  return { authorization: `Bearer ${accessToken}` };
}
