import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openPlatform, type TestPlatform } from '../support/platform.ts';

let shop: TestPlatform;
beforeAll(async () => {
  shop = await openPlatform();
});
afterAll(() => shop.close());

const as = async (token: string, query: string) => {
  const response = await fetch(shop.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query }),
  });
  return { status: response.status, ...((await response.json()) as { data?: any; errors?: any[] }) };
};

test('a new user is a customer at once, and anonymous at once after signing out, though the token has not expired', async () => {
  const input = { email: 'ada@example.com', password: 'correct horse battery', name: 'Ada Example' };
  const signUp = `mutation ($input: SignUpInput!) { signUp(input: $input) { accessToken refreshToken user { email } userErrors { code } } }`;
  const { data } = await shop.ask(signUp, { input });
  const { accessToken, refreshToken } = data.signUp;
  expect((await as(accessToken, '{ me { email customer { name } } }')).data.me).toEqual({
    email: input.email,
    customer: { name: input.name },
  });

  const other = await shop.ask(`mutation ($input: SignInInput!) { signIn(input: $input) { accessToken } }`, {
    input: { email: input.email, password: input.password },
  });
  expect((await as(accessToken, 'mutation { signOut { signedOut } }')).data.signOut.signedOut).toBe(true);
  const after = await as(accessToken, '{ me { email } }');
  expect(after).toMatchObject({ status: 401, errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
  const refreshed = await shop.ask(
    `mutation ($input: RefreshSessionInput!) { refreshSession(input: $input) { accessToken userErrors { code } } }`,
    { input: { refreshToken } },
  );
  expect(refreshed.data.refreshSession).toEqual({ accessToken: null, userErrors: [{ code: 'INVALID_REFRESH_TOKEN' }] });
  expect((await as(other.data.signIn.accessToken, '{ me { email } }')).data.me.email).toBe(input.email);
});
