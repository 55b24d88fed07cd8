import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Actor } from '../../../platform/identity/actor.ts';
import { newId } from '../../../platform/ids.ts';
import { actor, admin, openAgents, type TestAgents } from '../../../tests/support/agents.ts';
import { clientOf } from '../identity.testing.ts';

let agents: TestAgents;
beforeAll(async () => {
  agents = await openAgents(['customer', 'identity'], { config: { REFRESH_GRACE_SECONDS: '2' } });
});
afterAll(() => agents.close());

const SESSION = 'id userAgent address createdAt lastUsedAt expiresAt isCurrent';
const phone = { address: '203.0.113.7', userAgent: 'Phone/1.0' };
const laptop = { address: '2001:db8:1:2::3', userAgent: 'Laptop/2.0' };

/** A new user on a phone, who signs in on a laptop too. */
async function somebody(email: string) {
  const [onPhone, onLaptop] = [clientOf(agents, phone), clientOf(agents, laptop)];
  const first = await onPhone.signUp({ email });
  agents.clock.advance(1000);
  const second = await onLaptop.signIn(email);
  const [self, other] = [await onPhone.actorOf(first), await onPhone.actorOf(second)];
  const mine = () => onPhone.query('mySessions', {}, SESSION, self);
  const end = (sessionId: string | undefined, as = self) =>
    onPhone.mutate('revokeSession', { sessionId }, 'ended userErrors { code path }', as);
  return { onPhone, first, second, self, other, mine, end };
}

test('a user sees the own sessions, by device and network', async () => {
  const { mine, self, other } = await somebody('seen@example.com');
  expect(await mine()).toMatchObject([
    { id: other.sessionId, userAgent: 'Laptop/2.0', address: '2001:db8:1::/48', isCurrent: false },
    { id: self.sessionId, userAgent: 'Phone/1.0', address: '203.0.113.0/24', isCurrent: true },
  ]);
});

test('a refresh updates the last use of a session', async () => {
  const { onPhone, first, self, mine } = await somebody('used@example.com');
  agents.clock.advance(60_000);
  await onPhone.refresh(first.refreshToken);
  expect((await mine())[0]).toMatchObject({ id: self.sessionId, lastUsedAt: agents.clock.now().toISOString() });
});

test('a user can end an own session, which is then not refreshed, and no session of another user', async () => {
  const { onPhone, second, other, mine, end } = await somebody('ended@example.com');
  const stranger = await somebody('stranger@example.com');
  expect(await end(stranger.self.sessionId)).toEqual({
    ended: null,
    userErrors: [{ code: 'NOT_FOUND', path: ['input', 'sessionId'] }],
  });
  expect(await end(other.sessionId)).toEqual({ ended: 1, userErrors: [] });
  expect(await end(other.sessionId)).toEqual({ ended: 0, userErrors: [] });
  expect((await onPhone.refresh(second.refreshToken)).userErrors).toMatchObject([{ code: 'INVALID_REFRESH_TOKEN' }]);
  expect(await mine()).toHaveLength(1);
});

test('a user with a session can end all others at once', async () => {
  const { onPhone, first, second, self } = await somebody('others@example.com');
  const endOthers = (as: Actor) => onPhone.mutate('revokeOtherSessions', undefined, 'ended', as);
  expect(await endOthers(self)).toEqual({ ended: 1, userErrors: [] });
  expect((await onPhone.refresh(second.refreshToken)).userErrors).toHaveLength(1);
  expect((await onPhone.refresh(first.refreshToken)).userErrors).toEqual([]);
  const key = actor({ id: self.id, roles: ['CUSTOMER'] });
  await expect(endOthers(key)).rejects.toThrow(/API key/);
});

test('administrators see and end the sessions of a user', async () => {
  const { onPhone, first, self, other, end } = await somebody('staffed@example.com');
  expect(await onPhone.query('userSessions', { userId: self.id }, 'id isCurrent')).toEqual([
    { id: other.sessionId, isCurrent: false },
    { id: self.sessionId, isCurrent: false },
  ]);
  expect((await end(other.sessionId, admin)).ended).toBe(1);
  const endAll = (userId: string) => onPhone.mutate('revokeUserSessions', { userId }, 'ended');
  expect(await endAll(self.id)).toEqual({ ended: 1, userErrors: [] });
  expect((await endAll(newId('user'))).ended).toBe(0);
  expect((await onPhone.refresh(first.refreshToken)).userErrors).toHaveLength(1);
  const reasons = (await agents.events('identity.session_revoked')).map(({ payload }) => payload.reason);
  expect(reasons.slice(-2)).toEqual(['ENDED_BY_STAFF', 'ENDED_BY_STAFF']);
});

test('the grace period for lost answers is configurable', async () => {
  const { onPhone, first, second } = await somebody('grace@example.com');
  await onPhone.refresh(first.refreshToken);
  await onPhone.refresh(second.refreshToken);
  agents.clock.advance(2000);
  expect((await onPhone.refresh(first.refreshToken)).userErrors).toEqual([]);
  agents.clock.advance(1);
  expect((await onPhone.refresh(second.refreshToken)).userErrors).toHaveLength(1);
});
