/** Requests that begin before an account is secured, and reach their transaction after. */
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { lock } from '../../../platform/data/locks.ts';
import { raw } from '../../../platform/data/raw.ts';
import { Unauthenticated } from '../../../platform/errors.ts';
import type { Actor } from '../../../platform/identity/actor.ts';
import { admin, openAgents, type TestAgents } from '../../../tests/support/agents.ts';
import { codeOf } from '../../../tests/support/authenticator.ts';
import { clientOf, PASSWORD } from '../identity.testing.ts';

const NEW = 'a new and better one';

let agents: TestAgents;
let client: ReturnType<typeof clientOf>;
let signUps = 0;
let email: string;
let userId: string;
let owner: Actor;
/** A thief with the owner's password and a session. */
let thief: Actor;

beforeAll(async () => {
  agents = await openAgents(['customer', 'identity']);
  client = clientOf(agents);
});
beforeEach(async () => {
  email = `overtaken.${++signUps}@example.com`;
  const signedUp = await client.signUp({ email });
  userId = signedUp.user.id;
  owner = await client.actorOf(signedUp);
  thief = await client.actorOf(await client.signIn(email));
});
afterAll(() => agents.close());

const change = (as = thief) => {
  const input = { currentPassword: PASSWORD, newPassword: NEW };
  return agents.attempt('changePassword', input, 'done userErrors { code }', as);
};
const endOthers = (as: Actor) => agents.attempt('revokeOtherSessions', undefined, 'ended', as);
const setRole = async (role: string, expectedVersion: number) =>
  expect((await client.setRoles({ id: userId, roles: [role], expectedVersion }, admin)).userErrors).toEqual([]);

/** Runs both concurrently: the second begins before the first is done, and reaches its transaction after it. */
async function overtaking<A, B>(first: () => Promise<A>, second: () => Promise<B>): Promise<[A, B]> {
  const [taken, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const holder = agents.kysely.transaction().execute(async (transaction) => {
    await lock(transaction, [userId]);
    taken.resolve();
    await released.promise;
  });
  await taken.promise;
  try {
    const one = first();
    await waiting(1);
    const two = second();
    await waiting(2);
    released.resolve();
    return await Promise.all([one, two]);
  } finally {
    released.resolve();
    await holder;
  }
}

async function waiting(n: number): Promise<void> {
  const text = `select from pg_stat_activity where datname = current_database() and wait_event = 'advisory'`;
  while ((await raw(agents.kysely, text)).rows.length < n) await setTimeout(5);
}

describe('signing in', () => {
  test('with a password that was just changed opens no session', async () => {
    const [changed, signedIn] = await overtaking(
      () => change(owner),
      () => client.signIn(email),
    );
    expect(changed.data!.changePassword).toEqual({ done: true, userErrors: [] });
    expect(signedIn).toMatchObject({ accessToken: null, userErrors: [{ code: 'INVALID_CREDENTIALS' }] });
    expect((await client.signIn(email, NEW)).userErrors).toEqual([]);
  });

  test('gives the present roles of the user, not those that were just taken', async () => {
    await setRole('OPERATOR', 1);
    const [, signedIn] = await overtaking(
      () => setRole('CUSTOMER', 2),
      () => client.signIn(email),
    );
    expect(signedIn.user.roles).toEqual(['CUSTOMER']);
    expect([...(await client.actorOf(signedIn)).roles]).toEqual(['CUSTOMER']);
  });
});

describe('an ended session', () => {
  const overtaken = async (late: () => ReturnType<typeof change>) =>
    (await overtaking(() => endOthers(owner), late))[1];
  const ENDED = [expect.objectContaining({ originalError: expect.any(Unauthenticated) })];

  test('changes no password', async () => {
    expect((await overtaken(() => change())).errors).toEqual(ENDED);
    expect((await client.signIn(email)).userErrors).toEqual([]);
  });

  test('adds no second factor', async () => {
    await raw(agents.kysely, 'update identity.account set email_verified_at = now() where id = $1', [userId]);
    const { secret } = await agents.mutate('enrollTotp', {}, 'secret', thief);
    const code = codeOf(secret, agents.clock.now());
    const confirm = () => agents.attempt('confirmTotp', { code }, 'recoveryCodes', thief);
    expect((await overtaken(confirm)).errors).toEqual(ENDED);
    expect((await client.signIn(email)).userErrors).toEqual([]);
    expect((await agents.attempt('enrollTotp', {}, 'secret', thief)).errors).toEqual(ENDED);
  });

  test('makes no API key', async () => {
    await setRole('OPERATOR', 1);
    owner = await client.actorOf(await client.signIn(email));
    thief = await client.actorOf(await client.signIn(email));
    const create = () => agents.attempt('createApiKey', { name: 'kept', scopes: ['order:read'] }, 'key', thief);
    expect((await create()).data!.createApiKey.key).toMatch(/^agk_/);
    expect((await overtaken(create)).errors).toEqual(ENDED);
  });

  test('ends no other session', async () => {
    await endOthers(owner);
    expect((await endOthers(thief)).errors).toEqual(ENDED);
  });
});
