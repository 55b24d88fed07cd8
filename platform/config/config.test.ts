import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { agentDatabases, configSchema, envExample, readConfig } from './config.ts';

test('nothing needs to be configured', () => {
  expect(readConfig({})).toMatchObject({ NODE_ENV: 'development', PORT: 4000 });
  expect(readConfig({}).DATABASE_URL).toBeUndefined();
});

test('an empty variable counts as absent, and others of the environment are let be', () => {
  expect(readConfig({ PORT: '', DATABASE_URL: '', HOME: '/root' })).toEqual(readConfig({}));
});

test('numbers are read from text', () => {
  expect(readConfig({ PORT: '0', DATABASE_POOL: '8' })).toMatchObject({ PORT: 0, DATABASE_POOL: 8 });
});

test.each([
  ['PORT', 'http'],
  ['PORT', '65536'],
  ['PORT', '1.5'],
  ['DATABASE_URL', 'localhost'],
  ['DATABASE_POOL', '1'],
  ['REDIS_URL', 'http://localhost'],
  ['REDIS_PREFIX', 'a b'],
  ['NODE_ENV', 'prod'],
  ['LOG_LEVEL', 'loud'],
  ['ACCESS_TOKEN_SECONDS', '0'],
])('%s=%s stops the start with a message that names the variable', (name, value) => {
  expect(() => readConfig({ [name]: value })).toThrow(new RegExp(`does not fit:\\n  ${name}: `));
});

test('all that does not fit is named at once, and no value is repeated', () => {
  const start = () => readConfig({ PORT: 'x', DATABASE_URL: 'hunter2' });
  expect(start).toThrow(/PORT: [^]*DATABASE_URL: /);
  expect(start).not.toThrow(/hunter2/);
});

test('.env.example is what the schema says: each variable, its meaning and its default', () => {
  const text = envExample();
  expect(readFileSync(new URL('../../.env.example', import.meta.url), 'utf8').trimEnd()).toBe(text.trimEnd());
  for (const [name, field] of Object.entries(configSchema.shape)) {
    expect(field.description).toBeTruthy();
    expect(text).toContain(`# ${field.description}\n# ${name}=`);
  }
  expect(text).toContain('# PORT=4000\n');
});

test('an agent may be given a database address of its own; one for nobody, or that is none, stops the start', () => {
  const url = 'postgres://order@localhost/agora';
  const read = (environment: Record<string, string>) => agentDatabases(environment, ['order', 'payment']);
  expect([...read({ DATABASE_URL_ORDER: url, DATABASE_URL_PAYMENT: '', DATABASE_URL: url })]).toEqual([['order', url]]);
  expect(() => read({ DATABASE_URL_ODER: url })).toThrow('DATABASE_URL_ODER: there is no agent "oder"');
  expect(() => read({ DATABASE_URL_ORDER: 'hunter2' })).toThrow(/^DATABASE_URL_ORDER is no address of a PostgreSQL\.$/);
});

test('the defaults of .env.example may be given as they stand there, and change nothing', () => {
  const lines = [...envExample().matchAll(/^# ([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name!, value!]);
  expect(lines).toContainEqual(['DATABASE_FALLBACK', 'on']);
  expect(readConfig(Object.fromEntries(lines))).toEqual(readConfig({}));
});
