import { expect, test } from '@jest/globals';
import { admin, openAgents } from '../../../tests/support/agents.ts';
import { clientOf } from '../identity.testing.ts';

test('an API key, which outlasts a session, needs a recent sign-in', async () => {
  const agents = await openAgents(['customer', 'identity']);
  try {
    const client = clientOf(agents);
    const { user } = await client.signUp({ email: 'keys@example.com' });
    await client.setRoles({ id: user.id, roles: ['OPERATOR'], expectedVersion: 1 }, admin);
    const key = { name: 'n', scopes: ['order:read'] };
    const signedIn = await client.signIn('keys@example.com');
    agents.clock.advance(10 * 60_000 + 1);
    const renewed = await client.actorOf(await client.refresh(signedIn.refreshToken));
    expect(await client.mutate('createApiKey', key, 'key userErrors { code }', renewed)).toEqual({
      key: null,
      userErrors: [{ code: 'REAUTHENTICATION_REQUIRED' }],
    });
    const now = await client.actorOf(await client.signIn('keys@example.com'));
    const wrong = { name: 'n', scopes: ['identity:admin'], expiresAt: '2020-01-01T00:00:00Z' };
    expect(await client.mutate('createApiKey', wrong, 'key userErrors { code path }', now)).toEqual({
      key: null,
      userErrors: [
        { code: 'SCOPE_NOT_YOURS', path: ['input', 'scopes', '0'] },
        { code: 'INVALID_INPUT', path: ['input', 'expiresAt'] },
      ],
    });
    expect((await client.mutate('createApiKey', key, 'key', now)).key).toMatch(/^agk_/);
  } finally {
    await agents.close();
  }
});
