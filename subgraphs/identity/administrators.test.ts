/** The last administrator is never lost, in any concurrent changes of roles. */
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { raw } from '../../platform/data/raw.ts';
import { Actor } from '../../platform/identity/actor.ts';
import { hashOfApiKey } from '../../platform/identity/api-key.ts';
import { newId } from '../../platform/ids.ts';
import { admin, openAgents, service, type TestAgents } from '../../tests/support/agents.ts';
import { clientOf } from './identity.testing.ts';

let agents: TestAgents;
let client: ReturnType<typeof clientOf>;
let people: string[];
beforeAll(async () => {
  agents = await openAgents(['customer', 'identity']);
  client = clientOf(agents);
  people = await Promise.all(Array.from({ length: 4 }, async () => (await client.staff('VIEWER')).id));
});
afterAll(() => agents.close());

const administrators = async (): Promise<string[]> => {
  const text = `select id from identity.account where 'ADMIN' = any(roles) order by id`;
  return (await raw(agents.kysely, text)).rows.map((row: any) => row.id);
};

/** Makes just so many users administrators, each with a session. */
async function only(count: number): Promise<Actor[]> {
  const now = agents.clock.now();
  const chosen = people.slice(0, count);
  await raw(agents.kysely, `update identity.account set roles = '{VIEWER}' where not id = any($1)`, [chosen]);
  await raw(agents.kysely, `update identity.account set roles = '{ADMIN}', version = 2 where id = any($1)`, [chosen]);
  const admins = chosen.map((id) => new Actor({ id, roles: ['ADMIN'], sessionId: newId('session') }));
  const session = `insert into identity.session (id, user_id, started_at, last_used_at, expires_at) values ($1, $2, $3, $3, $4)`;
  for (const { id, sessionId } of admins)
    await raw(agents.kysely, session, [sessionId, id, now, new Date(now.getTime() + 86_400_000)]);
  return admins;
}

/** The outcome of a mutation: OK, or the code of its error. */
async function outcomeOf(mutation: string, input: Record<string, unknown>, by: Actor): Promise<string> {
  const { data, errors } = await agents.attempt(mutation, input, '', by);
  return (errors?.[0]?.originalError as any)?.code ?? data![mutation].userErrors[0]?.code ?? 'OK';
}
const takeFrom = (userId: string, by: Actor) =>
  outcomeOf('setUserRoles', { id: userId, expectedVersion: 2, roles: ['OPERATOR'] }, by);

/** Runs deeds concurrently, each so many milliseconds after the one before. */
const staggered = <T>(delay: number, deeds: readonly (() => Promise<T>)[]): Promise<T[]> =>
  Promise.all(deeds.map((deed, n) => (n * delay === 0 ? deed() : setTimeout(n * delay).then(deed))));

const ROUNDS = Array.from({ length: 24 }, (_, n) => [0, 1, 5][n % 3]!);

test.each([2, 3, 4])(
  'of %i administrators in a ring who concurrently take the role from one another, some stay',
  async (n) => {
    const outcomes = new Set<string>();
    for (const delay of ROUNDS) {
      const ring = await only(n);
      const ids = new Set(ring.map(({ id }) => id));
      const told = await staggered(
        delay,
        ring.map((by, place) => () => takeFrom(ring[(place + 1) % n]!.id, by)),
      );
      const left = await administrators();
      expect(left.length).toBeGreaterThanOrEqual(1);
      expect(left.every((id) => ids.has(id))).toBe(true);
      expect(told.filter((one) => one === 'OK')).toHaveLength(n - left.length);
      for (const one of told) outcomes.add(one);
    }
    expect([...outcomes].filter((one) => !['OK', 'UNAUTHENTICATED', 'INVALID_STATE'].includes(one))).toEqual([]);
    expect(outcomes).toContain('OK');
    expect(outcomes.size).toBeGreaterThan(1);
  },
);

/** The caller that a gateway makes of a new API key of an administrator. */
async function keyOf(maker: Actor, ...scopes: string[]): Promise<Actor> {
  const { key } = await agents.mutate('createApiKey', { name: 'key', scopes }, 'key', maker);
  const good = await agents.query('apiKeyIdentity', { hash: hashOfApiKey(key) }, 'id userId scopes', service);
  return new Actor({ id: good.userId, roles: [], scopes: good.scopes, apiKeyId: good.id });
}

test('of two administrators whose API keys do so, one stays, and a key does not outlive its maker’s role', async () => {
  for (const delay of ROUNDS.slice(0, 12)) {
    const [one, other] = (await only(2)) as [Actor, Actor];
    const [ones, others] = [await keyOf(one, 'identity:admin'), await keyOf(other, 'identity:admin')];
    const told = await staggered(delay, [() => takeFrom(other.id, ones), () => takeFrom(one.id, others)]);
    expect(told.toSorted()).toEqual(['FORBIDDEN', 'OK']);
    expect(await administrators()).toHaveLength(1);
  }
});

describe('the last administrator', () => {
  test('cannot lose the role by any caller: themselves, their API key, or an agent', async () => {
    const [last] = (await only(1)) as [Actor];
    for (const by of [last, await keyOf(last, 'identity:admin'), admin, service])
      expect(await takeFrom(last.id, by)).toBe('INVALID_STATE');
    expect(await administrators()).toEqual([last.id]);
  });

  test('is the last one also beside staff of other roles', async () => {
    const [last] = (await only(1)) as [Actor];
    await client.staff('OPERATOR', 'VIEWER', 'ANALYST');
    expect(await takeFrom(last.id, admin)).toBe('INVALID_STATE');
  });
});

describe('two administrators who concurrently shut each other out', () => {
  const living = async (ids: readonly string[]): Promise<number> => {
    const text = 'select id from identity.session where id = any($1) and revoked_at is null';
    return (await raw(agents.kysely, text, [ids])).rows.length;
  };
  test.each([
    ['by ending all sessions', 'revokeUserSessions'],
    ['by resetting the second factor', 'resetSecondFactor'],
  ])('%s: the first one stays', async (_, mutation) => {
    for (const delay of ROUNDS.slice(0, 12)) {
      const [one, other] = (await only(2)) as [Actor, Actor];
      for (const { id } of [one, other])
        await raw(
          agents.kysely,
          `insert into identity.second_factor (user_id, secret, begun_at, confirmed_at, recovery_salt)
             values ($1, 's', now(), now(), 's') on conflict do nothing`,
          [id],
        );
      const told = await staggered(delay, [
        () => outcomeOf(mutation, { userId: other.id }, one),
        () => outcomeOf(mutation, { userId: one.id }, other),
      ]);
      expect(told.toSorted()).toEqual(['OK', 'UNAUTHENTICATED']);
      expect(await living([one.sessionId!, other.sessionId!])).toBe(1);
    }
  });

  test('by ending a single session of the other: one session goes on', async () => {
    for (const delay of ROUNDS.slice(0, 12)) {
      const [one, other] = (await only(2)) as [Actor, Actor];
      const told = await staggered(delay, [
        () => outcomeOf('revokeSession', { sessionId: other.sessionId }, one),
        () => outcomeOf('revokeSession', { sessionId: one.sessionId }, other),
      ]);
      expect(told.toSorted()).toEqual(['OK', 'UNAUTHENTICATED']);
      expect(await living([one.sessionId!, other.sessionId!])).toBe(1);
    }
  });

  test('an operator who was just demoted can no longer reset a second factor', async () => {
    const operator = await client.staff('OPERATOR');
    const { user } = await client.signUp({ email: `reset.${operator.id}@example.com` });
    await raw(agents.kysely, `update identity.account set roles = '{VIEWER}' where id = $1`, [operator.id]);
    expect(await outcomeOf('resetSecondFactor', { userId: user.id }, operator)).toBe('FORBIDDEN');
  });
});
