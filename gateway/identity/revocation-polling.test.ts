import { expect, test } from '@jest/globals';
import { Revocations } from './revocations.ts';
import { raw } from '../../platform/data/raw.ts';
import { openAgents, service } from '../../tests/support/agents.ts';
import { revokedSessions } from '../commands/identity.generated.ts';
import { heedSince } from './revocation-polling.ts';

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
