import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { demoWorld } from '../../../platform/agent/demo.ts';
import { readConfig } from '../../../platform/config/config.ts';
import { openAgents, type TestAgents } from '../../../tests/support/agents.ts';
import { clientOf } from '../identity.testing.ts';
import { checkNotOfDemo } from './of-demo.ts';

let agents: TestAgents;
beforeAll(async () => {
  agents = await openAgents(['identity'], { config: { NODE_ENV: 'production' } });
  await agents.host.loadDemo(() => {});
});
afterAll(() => agents.close());

test.each(demoWorld.accounts)(
  'in production %s@agora.test cannot sign in with the demo’s password',
  async (account) => {
    const answer = await clientOf(agents).signIn(`${account}@agora.test`, demoWorld.password);
    expect(answer).toMatchObject({
      accessToken: null,
      refreshToken: null,
      user: null,
      userErrors: [{ code: 'INVALID_CREDENTIALS' }],
    });
    expect(await agents.kysely.selectFrom('identity.session').select('id').execute()).toEqual([]);
  },
);

test('the refusal does not depend on the existence of the account', async () => {
  const said = async (email: string) => (await clientOf(agents).signIn(email, demoWorld.password)).userErrors;
  expect(await said('nobody@example.com')).toEqual(await said('admin@agora.test'));
});

test('the demo’s password works where the demo is allowed, and in wide letters is the same password', () => {
  const wide = Array.from(demoWorld.password).map((letter) =>
    letter === '-' ? letter : String.fromCodePoint(letter.codePointAt(0)! + 0xfee0),
  );
  for (const password of [demoWorld.password, wide.join('')]) {
    expect(() => checkNotOfDemo(password, readConfig({}))).not.toThrow();
    expect(() => checkNotOfDemo(password, readConfig({ NODE_ENV: 'production', DEMO_DATA: 'on' }))).not.toThrow();
    expect(() => checkNotOfDemo(password, readConfig({ NODE_ENV: 'production' }))).toThrow('refused');
  }
  expect(() => checkNotOfDemo('correct horse battery', readConfig({ NODE_ENV: 'production' }))).not.toThrow();
});
