import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { readConfig } from '../../platform/config/config.ts';
import { raw } from '../../platform/data/raw.ts';
import { openAgents, type TestAgents } from '../../tests/support/agents.ts';
import {
  aboutDemo,
  beginWithDemo,
  DEMO_IN_PRODUCTION,
  installationIn,
  requireTrial,
  wantsDemo,
} from './installation.ts';

let agents: TestAgents;
beforeAll(async () => {
  agents = await openAgents(['identity']);
});
afterAll(() => agents.close());
beforeEach(() => query('truncate platform.installation, platform.demo_load, identity.account cascade'));

const query = (text: string) => raw(agents.kysely, text);
const installation = (wants: boolean) => installationIn(agents.kysely, wants);
const somebody = () =>
  query(
    `insert into identity.account (id, email, email_key, name, roles, created_at, updated_at)
     values ('user_1', 'a@b.example', 'a@b.example', 'A', '{VIEWER}', now(), now())`,
  );
const demo = () => query(`insert into platform.demo_load (agent) values ('product')`);

test.each([true, false])(
  'a new database is what its first start asks for (with demo data: %s), and stays that',
  async (wants) => {
    expect(await installation(wants)).toEqual({ withDemo: wants, isNew: true });
    expect(await installation(!wants)).toEqual({ withDemo: wants, isNew: false });
  },
);

test('one of many starts at once decides', async () => {
  const all = await Promise.all([true, false, true, false].map(installation));
  expect(new Set(all.map(({ withDemo }) => withDemo)).size).toBe(1);
  expect(all.filter(({ isNew }) => isNew)).toHaveLength(1);
});

test('a database of an earlier release counts as begun with demo data if it holds some, and without if it holds accounts alone', async () => {
  await somebody();
  expect(await installation(true)).toMatchObject({ withDemo: false });
  await query('truncate platform.installation');
  await demo();
  expect(await installation(false)).toMatchObject({ withDemo: true });
});

test.each([
  [{}, false, true],
  [{}, true, false],
  [{ DATABASE_URL: 'postgres://a@b/c' }, false, false],
  [{ NODE_ENV: 'production' }, false, false],
  [{ NODE_ENV: 'production', DEMO_DATA: 'on' }, false, false],
  [{ DEMO_DATA: 'off' }, false, false],
])('a start with %j, empty: %s, begins with demo data: %s', (environment, empty, wants) => {
  expect(wantsDemo(empty, readConfig(environment as Record<string, string>))).toBe(wants);
});

test('a start reports where a database is not what was asked for, and nothing else', () => {
  const [development, production] = [readConfig({}), readConfig({ NODE_ENV: 'production' })];
  const of = (withDemo: boolean, isNew: boolean) => ({ withDemo, isNew });
  expect(aboutDemo(of(true, true), true, development)).toBeUndefined();
  expect(aboutDemo(of(true, false), true, development)).toBeUndefined();
  expect(aboutDemo(of(false, true), false, development)).toBeUndefined();
  expect(aboutDemo(of(false, false), true, development)).toContain('begun without demo data, and none is loaded');
  expect(aboutDemo(of(true, false), false, development)).toContain('--reset --empty');
  expect(aboutDemo(of(true, false), false, production)).toBe(DEMO_IN_PRODUCTION);
});

test('demo data is refused in production, and in a shop that was begun without, unless it is a trial', async () => {
  expect(() => requireTrial(readConfig({ NODE_ENV: 'production' }))).toThrow('DEMO_DATA=on');
  requireTrial(readConfig({ NODE_ENV: 'production', DEMO_DATA: 'on' }));
  await somebody();
  await expect(beginWithDemo(agents.kysely)).rejects.toMatchObject({ code: 'DEMO_REFUSED' });
  expect(await installation(true)).toMatchObject({ withDemo: false });
  await beginWithDemo(agents.kysely, true);
  expect(await installation(false)).toMatchObject({ withDemo: true });
});
