import { hash } from '@node-rs/argon2';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { raw } from '../../../platform/data/raw.ts';
import { openAgents, type TestAgents } from '../../../tests/support/agents.ts';
import { clientOf, PASSWORD } from '../identity.testing.ts';

const MINUTE = 60_000;
const OWNER = { address: '203.0.113.7', userAgent: 'owner' };

let agents: TestAgents;
beforeAll(async () => {
  agents = await openAgents(['customer', 'identity']);
});
afterAll(() => agents.close());

/** Makes strangers, each with a new address. */
let strangers = 0;
const stranger = () => clientOf(agents, { address: `198.51.100.${++strangers}` });
const codes = (answers: { userErrors: { code: string }[] }[]) => answers.map(({ userErrors }) => userErrors[0]?.code);
const guess = async (email: string, times: number, from = stranger) => {
  const answers = [];
  for (let n = 0; n < times; n++) answers.push(await from().signIn(email, `wrong ${n}`));
  return answers;
};
const INVALID = 'INVALID_CREDENTIALS';
const BLOCKED = 'TOO_MANY_ATTEMPTS';

test('after five failures an account is blocked for all addresses, and the answer has the time of the next attempt', async () => {
  await clientOf(agents, OWNER).signUp({ email: 'guessed@example.com' });
  expect(codes(await guess('guessed@example.com', 6))).toEqual([INVALID, INVALID, INVALID, INVALID, INVALID, BLOCKED]);
  const right = await stranger().signIn('guessed@example.com');
  const retryAt = new Date(agents.clock.now().getTime() + MINUTE).toISOString();
  expect(right).toMatchObject({ accessToken: null, userErrors: [{ code: BLOCKED, path: ['input'], retryAt }] });
  agents.clock.advance(MINUTE);
  expect(codes(await guess('guessed@example.com', 2))).toEqual([INVALID, BLOCKED]);
  agents.clock.advance(2 * MINUTE);
  expect((await stranger().signIn('guessed@example.com')).userErrors).toEqual([]);
  // A right password resets the count.
  expect(codes(await guess('guessed@example.com', 5))).toEqual(Array.from({ length: 5 }, () => INVALID));
});

test('the owner can sign in meanwhile from a recent address, and guesses from there are limited too', async () => {
  const owner = clientOf(agents, OWNER);
  await owner.signUp({ email: 'owner@example.com' });
  expect(codes(await guess('owner@example.com', 6)).at(-1)).toBe(BLOCKED);
  expect((await owner.signIn('owner@example.com')).userErrors).toEqual([]);
  expect(codes(await guess('owner@example.com', 6, () => owner)).at(-1)).toBe(BLOCKED);
});

test('an unknown account is counted like a known one, also by sign-ups', async () => {
  expect(codes(await guess('nobody@example.com', 6)).slice(-2)).toEqual([INVALID, BLOCKED]);
  await clientOf(agents, OWNER).signUp({ email: 'taken@example.com' });
  const answers = [];
  for (let n = 0; n < 6; n++)
    answers.push(await stranger().signUp({ email: 'taken@example.com', password: `wrong password ${n}` }));
  expect(codes(answers).slice(-2)).toEqual(['EMAIL_TAKEN', BLOCKED]);
});

test('concurrent guesses are limited like sequential ones', async () => {
  await clientOf(agents, OWNER).signUp({ email: 'storm@example.com' });
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, n) => stranger().signIn('storm@example.com', `w${n}`)),
  );
  expect(codes(answers).filter((code) => code === INVALID)).toHaveLength(5);
});

test('an address that tries many accounts is blocked too, and a success on its own account does not free it', async () => {
  const thief = clientOf(agents, { address: '192.0.2.66' });
  await thief.signUp({ email: 'thief@example.com' });
  for (let n = 0; n < 49; n++) await thief.signIn(`victim.${n}@example.com`, 'wrong');
  expect((await thief.signIn('thief@example.com')).userErrors).toEqual([]);
  expect(codes([await thief.signIn('victim.49@example.com', 'wrong')])).toEqual([INVALID]);
  expect(codes([await thief.signIn('victim.50@example.com', 'wrong')])).toEqual([BLOCKED]);
  expect((await clientOf(agents, { address: '192.0.2.67' }).signIn('thief@example.com')).userErrors).toEqual([]);
});

test('a whole IPv6 network counts as one address, for a recent address of the owner and for a thief', async () => {
  let last = 0;
  const within = (network: string) => clientOf(agents, { address: `${network}:${(++last).toString(16)}::7` });
  const owner = 'six@example.com';
  await within('2001:db8:1:1').signUp({ email: owner });
  expect(codes(await guess(owner, 6)).at(-1)).toBe(BLOCKED);
  expect((await within('2001:db8:1:1').signIn(owner)).userErrors).toEqual([]);
  const thief = () => within('2001:db8:6:6');
  for (let n = 0; n < 50; n++) await thief().signIn(`six.${n}@example.com`, 'wrong');
  expect(codes([await thief().signIn('six.50@example.com', 'wrong')])).toEqual([BLOCKED]);
});

test('a right password that was hashed with weaker parameters is rehashed', async () => {
  const client = clientOf(agents, OWNER);
  const { user } = await client.signUp({ email: 'old@example.com' });
  const weak = await hash(PASSWORD, { algorithm: 2, memoryCost: 1024, timeCost: 1, parallelism: 1 });
  await raw(agents.kysely, 'update identity.account set password_hash = $1 where id = $2', [weak, user.id]);
  const hashed = async () =>
    (await raw(agents.kysely, 'select password_hash from identity.account where id = $1', [user.id])).rows[0]!
      .password_hash;
  await client.signIn('old@example.com', 'wrong password');
  expect(await hashed()).toBe(weak);
  expect((await client.signIn('old@example.com')).userErrors).toEqual([]);
  expect(await hashed()).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  expect((await client.signIn('old@example.com')).userErrors).toEqual([]);
});

test('neither addresses nor guesses are stored in plain text', async () => {
  const { rows } = await raw(agents.kysely, `select s::text from identity.sign_in_attempts s`);
  expect(rows.length).toBeGreaterThan(10);
  expect(JSON.stringify(rows)).not.toMatch(/example|198\.51|203\.0|wrong/);
});
