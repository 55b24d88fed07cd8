import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { raw } from '../../../platform/data/raw.ts';
import { createStore } from '../../../platform/store/store.ts';
import { LogNotifier } from '../../../platform/events/log-notifier.ts';
import { newKey } from '../../../platform/secrets/key-ring.ts';
import { secretsWith } from '../../../platform/secrets/secrets.ts';
import { openAgents, type TestAgents } from '../../../tests/support/agents.ts';
import { codeOf } from '../../../tests/support/authenticator.ts';
import { meetingChange } from '../../../tests/support/meeting-change.ts';
import { testPool } from '../../../tests/support/test-pool.ts';
import type { Tables } from '../entities.ts';
import { forgetExpired } from '../sessions/forget-expired.ts';
import { clientOf } from '../identity.testing.ts';
import { sealedFor } from './proof.ts';
import { resealSecondFactors } from './reseal.ts';

let agents: TestAgents;
let client: ReturnType<typeof clientOf>;
beforeAll(async () => {
  agents = await openAgents(['customer', 'identity']);
  client = clientOf(agents);
});
afterAll(() => agents.close());

const storeOf = async () => {
  return createStore<Tables>({ agent: 'identity', kysely: agents.kysely, notifier: new LogNotifier() });
};
const { signal } = new AbortController();
const rows = async (text: string, values: unknown[] = []) => (await raw(agents.kysely, text, values)).rows as any[];

/** A user with a second factor, confirmed or only begun. */
async function withFactor(email: string, isConfirmed = true): Promise<{ id: string; secret: string }> {
  const answer = await client.signUp({ email });
  const self = await client.actorOf(answer);
  await rows('update identity.account set email_verified_at = now() where id = $1', [self.id]);
  const { secret } = await client.mutate('enrollTotp', {}, 'secret', self);
  const code = codeOf(secret, agents.clock.now());
  if (isConfirmed) await client.mutate('confirmTotp', { code }, 'recoveryCodes', self);
  return { id: answer.user.id, secret };
}

test('after a key rotation all secrets are resealed, also if one of them does not open', async () => {
  const logged: string[] = [];
  const log = pino({}, { write: (line: string) => void logged.push(line) });
  const [old, young] = [newKey(), newKey()];
  const factors = [await withFactor('first@example.com'), await withFactor('second@example.com')];
  const lost = await withFactor('lost@example.com');
  const keep = (id: string, sealed: string) =>
    rows('update identity.second_factor set secret = $1 where user_id = $2', [sealed, id]);
  for (const { id, secret } of factors) await keep(id, secretsWith([old]).seal(secret, sealedFor(id)));
  await keep(lost.id, secretsWith([newKey()]).seal(lost.secret, sealedFor(lost.id)));

  const rotated = secretsWith([young, old]);
  await resealSecondFactors({ store: await storeOf(), secrets: rotated, log }).run(signal, agents.kysely);

  const sealed = async (id: string) =>
    (await rows('select secret from identity.second_factor where user_id = $1', [id]))[0].secret;
  for (const { id, secret } of factors) {
    const kept = await sealed(id);
    expect(kept.startsWith(rotated.prefix)).toBe(true);
    expect(secretsWith([young]).open(kept, sealedFor(id))).toBe(secret);
  }
  expect(logged.map((line) => JSON.parse(line).msg)).toEqual(
    expect.arrayContaining([
      'a second factor does not open: its key is not among ours',
      'second factors were sealed anew with the newest key',
    ]),
  );
  expect(logged.map((line) => JSON.parse(line).count).filter(Boolean)).toEqual([2]);
  for (const { secret } of [...factors, lost]) expect(logged.join('')).not.toContain(secret);
});

test('expired challenges and second factors that were never confirmed are deleted', async () => {
  const [begun, whole] = [await withFactor('begun@example.com', false), await withFactor('whole@example.com')];
  await client.signIn('whole@example.com');
  const forget = async () => forgetExpired({ store: await storeOf(), clock: agents.clock }).run(signal, agents.kysely);
  const left = async () => ({
    factors: (
      await rows('select user_id from identity.second_factor where user_id in ($1, $2)', [begun.id, whole.id])
    ).map(({ user_id }) => user_id),
    challenges: (await rows('select 1 from identity.sign_in_challenge where user_id = $1', [whole.id])).length,
  });
  await forget();
  expect(await left()).toEqual({ factors: expect.arrayContaining([begun.id, whole.id]), challenges: 1 });
  agents.clock.advance(15 * 60_000 + 1);
  await forget();
  expect(await left()).toEqual({ factors: [whole.id], challenges: 0 });
});

test('a failed sign-in that is counted at the moment when the old count would be deleted stays counted', async () => {
  const now = agents.clock.now().toISOString();
  await rows(`insert into identity.sign_in_attempts values ('late', 1, $1::timestamptz - interval '2 days')`, [now]);
  const again = `update identity.sign_in_attempts set last_at = '${now}' where key = 'late'`;
  const store = await storeOf();
  const pool = testPool({ url: agents.url, max: 2, name: 'fails again' });
  await meetingChange(pool, again, () => forgetExpired({ store, clock: agents.clock }).run(signal, agents.kysely));
  await pool.end();
  expect(await rows(`select failures from identity.sign_in_attempts where key = 'late'`)).toEqual([{ failures: 1 }]);
});
