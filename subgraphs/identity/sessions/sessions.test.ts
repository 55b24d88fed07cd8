import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { raw } from '../../../platform/data/raw.ts';
import { createStore } from '../../../platform/store/store.ts';
import { LogNotifier } from '../../../platform/events/log-notifier.ts';
import { actor, openAgents, service, type TestAgents } from '../../../tests/support/agents.ts';
import type { Tables } from '../entities.ts';
import { forgetExpired } from './forget-expired.ts';
import { clientOf } from '../identity.testing.ts';

const SECOND = 1000;
const DAY = 86_400 * SECOND;

let agents: TestAgents;
let client: ReturnType<typeof clientOf>;
let signUps = 0;
let first: { accessToken: string; refreshToken: string; user: { id: string } };

beforeAll(async () => {
  agents = await openAgents(['customer', 'identity']);
  client = clientOf(agents);
});
beforeEach(async () => {
  first = await client.signUp({ email: `session.${++signUps}@example.com` });
});
afterAll(() => agents.close());

const INVALID = {
  accessToken: null,
  refreshToken: null,
  user: null,
  userErrors: [{ code: 'INVALID_REFRESH_TOKEN', path: ['input', 'refreshToken'] }],
};
const reasons = async (sessionId: string | undefined) =>
  (await agents.events('identity.session_revoked'))
    .filter((event) => event.aggregate_id === sessionId)
    .map((event) => event.payload.reason);
const revokedSince = (since: string): Promise<string[]> => agents.query('revokedSessions', { since }, '', service);

describe('a refresh token', () => {
  test('gives a new pair of tokens for the same session, again and again', async () => {
    const { sessionId } = await client.actorOf(first);
    let { refreshToken } = first;
    for (let n = 0; n < 3; n++) {
      agents.clock.advance(600 * SECOND);
      const next = await client.refresh(refreshToken);
      expect(next).toMatchObject({ userErrors: [], user: { id: first.user.id } });
      expect(next.refreshToken).not.toBe(refreshToken);
      expect((await client.actorOf(next)).sessionId).toBe(sessionId);
      refreshToken = next.refreshToken;
    }
  });

  test('whose answer was lost can be reused within seconds', async () => {
    const lost = await client.refresh(first.refreshToken);
    agents.clock.advance(5 * SECOND);
    const again = await client.refresh(first.refreshToken);
    expect(again.userErrors).toEqual([]);
    expect(again.refreshToken).not.toBe(lost.refreshToken);
    agents.clock.advance(60 * SECOND);
    expect((await client.refresh(again.refreshToken)).userErrors).toEqual([]);
  });

  test('that is reused later ends the session, for the thief and for the owner', async () => {
    const next = await client.refresh(first.refreshToken);
    agents.clock.advance(11 * SECOND);
    expect(await client.refresh(first.refreshToken)).toMatchObject(INVALID);
    expect(await client.refresh(next.refreshToken)).toMatchObject(INVALID);
    const { sessionId } = await client.actorOf(next);
    expect(await reasons(sessionId)).toEqual(['TOKEN_REUSED']);
    expect(await revokedSince('2026-01-01T00:00:00Z')).toContain(sessionId);
  });

  test('that is sent many times concurrently leaves one living session', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => client.refresh(first.refreshToken)));
    expect(answers.flatMap((answer) => answer.userErrors)).toEqual([]);
    agents.clock.advance(60 * SECOND);
    expect((await client.refresh(answers[3].refreshToken)).userErrors).toEqual([]);
    const { sessionId } = await client.actorOf(first);
    expect(await reasons(sessionId)).toEqual([]);
  });

  test('expires after a week, and an unknown one is refused', async () => {
    expect(await client.refresh('never-given')).toMatchObject(INVALID);
    agents.clock.advance(7 * DAY);
    expect(await client.refresh(first.refreshToken)).toMatchObject(INVALID);
    expect((await client.signIn(`session.${signUps}@example.com`)).userErrors).toEqual([]);
  });
});

describe('signing out', () => {
  test('ends only the session of the token, and once', async () => {
    const other = await client.signIn(`session.${signUps}@example.com`);
    const self = await client.actorOf(first);
    const since = agents.clock.now().toISOString();
    expect(await client.signOut(self)).toEqual({ signedOut: true, userErrors: [] });
    expect(await client.signOut(self)).toEqual({ signedOut: false, userErrors: [] });
    expect(await client.refresh(first.refreshToken)).toMatchObject(INVALID);
    expect((await client.refresh(other.refreshToken)).userErrors).toEqual([]);
    expect(await reasons(self.sessionId)).toEqual(['SIGNED_OUT']);
    expect(await revokedSince(since)).toEqual([self.sessionId]);
    agents.clock.advance(SECOND);
    expect(await revokedSince(agents.clock.now().toISOString())).toEqual([]);
  });

  test('without a session, as with an API key, ends nothing', async () => {
    expect(await client.signOut(actor({ roles: ['CUSTOMER'] }))).toEqual({ signedOut: false, userErrors: [] });
  });
});

test('expired tokens are deleted at once, ended sessions after a month, living ones never', async () => {
  const living = await client.signIn(`session.${signUps}@example.com`);
  const store = createStore<Tables>({ agent: 'identity', kysely: agents.kysely, notifier: new LogNotifier() });
  const forget = () => forgetExpired({ store, clock: agents.clock }).run(new AbortController().signal, agents.kysely);
  const counts = async () => {
    const { rows } = await raw(
      agents.kysely,
      `select (select count(*)::int from identity.session) sessions, (select count(*)::int from identity.refresh_token) tokens`,
    );
    return rows[0]!;
  };
  await raw(agents.kysely, `delete from identity.session where user_id <> $1`, [first.user.id]);
  agents.clock.advance(6 * DAY);
  await client.refresh(living.refreshToken);
  agents.clock.advance(2 * DAY);
  expect(await counts()).toEqual({ sessions: 2, tokens: 3 });
  await forget();
  expect(await counts()).toEqual({ sessions: 2, tokens: 1 });
  agents.clock.advance(29.5 * DAY);
  await forget();
  expect(await counts()).toEqual({ sessions: 1, tokens: 0 });
});
