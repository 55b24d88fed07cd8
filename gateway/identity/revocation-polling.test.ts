import { expect, test } from '@jest/globals';
import { Revocations } from './revocations.ts';
import { raw } from '../../platform/data/raw.ts';
import { openAgents, service } from '../../tests/support/agents.ts';
import { revokedSessions } from '../commands/identity.generated.ts';
import { until } from '../../tests/support/until.ts';
import { heedSince, RevocationPolling } from './revocation-polling.ts';

const account = `insert into identity.account (id, email, email_key, name, roles, created_at, updated_at)
  values ('user_a', 'a@example.com', 'a@example.com', 'A', '{VIEWER}', $1, $1)`;
const sessions = `insert into identity.session (id, user_id, started_at, expires_at, last_used_at, revoked_at, revoked_reason)
  select 'session_' || n, 'user_a', $1, $1, $1, $1, 'SIGNED_OUT' from generate_series(1, 2001) n`;
const keys = `insert into identity.api_key (id, user_id, name, hash, hint, scopes, created_at, expires_at, revoked_at)
  select 'apikey_' || n, 'user_a', 'A', n, '', '{order:read}', $1, $1, $1 from generate_series(1, 2) n`;

test('all sessions and keys that were revoked are heeded, however many they are', async () => {
  const agents = await openAgents(['customer', 'identity']);
  try {
    const now = agents.clock.now();
    for (const text of [account, sessions, keys]) await raw(agents.kysely, text, [now]);
    const revocations = new Revocations(900);
    const asked: object[] = [];
    const page = async (variables: object) => {
      asked.push(variables);
      return (await agents.ask('identity', revokedSessions.document, { ...variables }, service)).data!.revokedSessions;
    };
    await heedSince(revocations, now, page);
    const ids = [...Array.from({ length: 2001 }, (_, n) => `session_${n + 1}`), 'apikey_1', 'apikey_2'];
    expect(ids.filter((id) => !revocations.isRevoked(id))).toEqual([]);
    expect(asked).toHaveLength(4);
    const later = new Date(now.getTime() + 1);
    expect(await page({ since: later.toISOString() })).toEqual([]);
  } finally {
    await agents.close();
  }
});

type Execute = ConstructorParameters<typeof RevocationPolling>[0]['identity']['execute'];

/** A polling of an identity that answers so, with what was logged. */
function polling(execute: Execute) {
  const logged: string[] = [];
  const line =
    (level: string) =>
    (_: object, message = '') =>
      void logged.push(`${level}: ${message}`);
  const log = { info: line('info'), warn: line('warn') };
  const times = { everyMs: 20, timeoutMs: 100 };
  const revocations = new Revocations(900);
  const it = new RevocationPolling({ revocations, identity: { execute }, tokenSeconds: 900, log, ...times });
  return { it, logged, revocations };
}

test('a poll that is never answered ends, the next one begins after it, and each change is logged once', async () => {
  let asked = 0;
  let underWay = 0;
  let most = 0;
  let isAway = true;
  const { it, logged, revocations } = polling(async ({ variables }, { signal }) => {
    asked += 1;
    most = Math.max(most, ++underWay);
    try {
      if (isAway)
        await new Promise((_, reject) => signal!.addEventListener('abort', () => reject(signal!.reason as Error)));
      return { data: { revokedSessions: variables!.after ? [] : ['session_1'] } };
    } finally {
      underWay -= 1;
    }
  });
  const stop = it.start();
  await until(() => asked >= 3);
  expect(it.state).toEqual({ status: 'DOWN', asOf: null });
  expect(logged).toEqual([expect.stringMatching(/^warn: identity does not tell of ended sessions/)]);
  expect(revocations.isRevoked('session_1')).toBe(false);

  isAway = false;
  await until(() => it.state.status === 'UP');
  expect(revocations.isRevoked('session_1')).toBe(true);
  const before = asked;
  await until(() => asked >= before + 4);
  expect(logged.slice(1)).toEqual(['info: ended sessions are known again']);
  await stop();
  expect(most).toBe(1);
});

test('a stop ends a poll that is under way, and calls nothing away', async () => {
  const begun = Promise.withResolvers<void>();
  const { it, logged } = polling(async (_, { signal }) => {
    begun.resolve();
    return new Promise((_answered, reject) => signal!.addEventListener('abort', () => reject(signal!.reason as Error)));
  });
  const stop = it.start();
  await begun.promise;
  await stop();
  expect([logged, it.state.status]).toEqual([[], 'UNKNOWN']);
});
