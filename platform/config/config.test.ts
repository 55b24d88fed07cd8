import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { agentDatabases, envExample, readConfig } from './config.ts';
import { allowsDemo, allowsSimulator } from './trial-features.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const PRIVATE = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
const PUBLIC = publicKey.export({ type: 'spki', format: 'pem' }) as string;
const OTHER_PRIVATE = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
  type: 'pkcs8',
  format: 'pem',
}) as string;

test('nothing needs to be configured', () => {
  expect(readConfig({})).toMatchObject({ NODE_ENV: 'development', PORT: 4000 });
  expect(readConfig({}).DATABASE_URL).toBeUndefined();
});

test('an empty variable counts as absent, and unknown variables are ignored', () => {
  expect(readConfig({ PORT: '', DATABASE_URL: '', HOME: '/root' })).toEqual(readConfig({}));
});

test('numbers are read from text', () => {
  expect(readConfig({ PORT: '0', DATABASE_POOL: '8' })).toMatchObject({ PORT: 0, DATABASE_POOL: 8 });
});

test.each([
  ['PORT', 'http'],
  ['PORT', '0x14'],
  ['PORT', '1e3'],
  ['PORT', '+80'],
  ['PORT', ' 80'],
  ['AGENT_PORT', '-1'],
  ['HOST', 'http://localhost'],
  ['HOST', 'localhost:4000'],
  ['AGENT_HOST', '[::]'],
  ['PORT', '65536'],
  ['PORT', '1.5'],
  ['DATABASE_URL', 'localhost'],
  ['DATABASE_URL', 'mysql://root@localhost/agora'],
  ['DATABASE_URL', 'postgres://'],
  ['DATABASE_URL', 'postgres:///agora'],
  ['DATABASE_DIRECT_URL', 'http://localhost/agora'],
  ['DATABASE_REPLICA_URL', 'postgres:agora'],
  ['DATABASE_ADMIN_URL', 'file:///etc/passwd'],
  ['REDIS_URL', 'redis://'],
  ['PUBLIC_URL', 'javascript:alert(1)'],
  ['AGENT_URL', 'ftp://agents'],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'localhost:4318'],
  ['CORS_ORIGINS', 'not-an-origin'],
  ['CORS_ORIGINS', 'https://shop.example, nonsense'],
  ['CORS_ORIGINS', 'https://shop.example/'],
  ['CORS_ORIGINS', 'https://Shop.example'],
  ['CORS_ORIGINS', 'https://shop.example, *'],
  ['CORS_ORIGINS', ','],
  ['CORS_ORIGINS', 'null'],
  ['TOKEN_KEY', 'abc'],
  ['TOKEN_KEY', PUBLIC],
  ['TOKEN_KEY', RSA],
  ['TOKEN_KEY', `one:${PRIVATE}, one:${PUBLIC}`],
  ['TOKEN_KEY', `one:${PUBLIC}, two:${PRIVATE}`],
  ['TOKEN_PUBLIC_KEY', 'abc'],
  ['TOKEN_PUBLIC_KEY', PRIVATE],
  ['TOKEN_PUBLIC_KEY', `one:${PUBLIC}, two:${OTHER_PRIVATE}`],
  ['EVENT_KEYS', 'a:b'],
  ['SECRET_KEYS', 'abc'],
  ['REQUEST_KEYS', 'one:AAAA'],
  ['METRICS_TOKEN', 'sixteen letters and a space'],
  ['TRACES_SHARE', '1.5'],
  ['TRACES_SHARE', '1e-2'],
  ['COST_BUDGETS', '1/2'],
  ['REQUEST_LIMITS', '99999999999/1/1'],
  ['SIGN_IN_LIMITS', '0/1'],
  ['DEMO_DATA', 'yes'],
  ['PAYMENT_SIMULATOR', '1'],
  ['DATABASE_POOL', '1'],
  ['REDIS_URL', 'http://localhost'],
  ['REDIS_PREFIX', 'a b'],
  ['NODE_ENV', 'prod'],
  ['LOG_LEVEL', 'loud'],
  ['ACCESS_TOKEN_SECONDS', '0'],
  ['ACCESS_TOKEN_SECONDS', '99999999999'],
])('%s=%s stops the start with a message that names the variable', (name, value) => {
  expect(() => readConfig({ [name]: value })).toThrow(new RegExp(`does not fit:\\n  ${name}: `));
});

test.each([
  ['PORT', '0'],
  ['HOST', '::'],
  ['HOST', '0.0.0.0'],
  ['HOST', 'agora.internal'],
  ['DATABASE_URL', 'postgresql://agora@db.internal:5432/agora?sslmode=require'],
  ['DATABASE_URL', 'postgres:///agora?host=/var/run/postgresql'],
  ['REDIS_URL', 'rediss://:secret@redis:6379/1'],
  ['PUBLIC_URL', 'https://agora.example.com'],
  ['CORS_ORIGINS', '*'],
  ['CORS_ORIGINS', 'https://shop.example, http://localhost:3000 capacitor://localhost'],
  ['TOKEN_KEY', PRIVATE],
  ['TOKEN_KEY', PRIVATE.replaceAll('\n', '\\n')],
  ['TOKEN_KEY', `two:${OTHER_PRIVATE}, ${PUBLIC}`.replaceAll('\n', '\\n')],
  ['TOKEN_PUBLIC_KEY', PUBLIC],
  ['TOKEN_PUBLIC_KEY', `one:${PUBLIC}`],
  ['TRACES_SHARE', '0.01'],
])('%s=%s is accepted', (name, value) => {
  expect(() => readConfig({ [name]: value })).not.toThrow();
});

test.each([
  [{}, true],
  [{ NODE_ENV: 'test' }, true],
  [{ NODE_ENV: 'production' }, false],
  [{ NODE_ENV: 'production', DEMO_DATA: 'on', PAYMENT_SIMULATOR: 'on' }, true],
  [{ DEMO_DATA: 'off', PAYMENT_SIMULATOR: 'off' }, false],
])('trial features are off in production, unless they are switched on: %j', (environment, isAllowed) => {
  const config = readConfig(environment as Record<string, string>);
  expect([allowsDemo(config), allowsSimulator(config)]).toEqual([isAllowed, isAllowed]);
});

test('all invalid variables are named at once, and no value is repeated', () => {
  const start = () => readConfig({ PORT: 'x', DATABASE_URL: 'hunter2' });
  expect(start).toThrow(/PORT: [^]*DATABASE_URL: /);
  expect(start).not.toThrow(/hunter2/);
});

test('an agent may have a database URL of its own; an invalid URL, or one for no agent, stops the start', () => {
  const url = 'postgres://order@localhost/agora';
  const read = (environment: Record<string, string>) => agentDatabases(environment, ['order', 'payment']);
  expect([...read({ DATABASE_URL_ORDER: url, DATABASE_URL_PAYMENT: '', DATABASE_URL: url })]).toEqual([['order', url]]);
  expect(() => read({ DATABASE_URL_ODER: url })).toThrow('DATABASE_URL_ODER: there is no agent "oder"');
  expect(() => read({ DATABASE_URL_ORDER: 'mysql://order@localhost/hunter2' })).toThrow(/^DATABASE_URL_ORDER: the/);
  expect(() => read({ DATABASE_URL_ORDER: 'hunter2' })).toThrow(
    /^DATABASE_URL_ORDER: the address of a PostgreSQL: [^]*database\.$/,
  );
});

/** A room with variables. */
const room = (name: string, config: z.ZodObject, configExceptions?: Record<string, string>) => ({
  name,
  config,
  configExceptions,
});
const stack = z.object({ PROMOTION_MAX_STACK: z.enum(['1', '2']).default('1').describe('how many at once') });

test('the variables of rooms are read with those of the platform, and named if they are invalid', () => {
  const rooms = [room('promotion', stack), { name: 'order' }];
  expect(readConfig({}, rooms)).toMatchObject({ PORT: 4000, PROMOTION_MAX_STACK: '1' });
  expect(readConfig({ PROMOTION_MAX_STACK: '2' }, rooms)).toMatchObject({ PROMOTION_MAX_STACK: '2' });
  expect(() => readConfig({ PROMOTION_MAX_STACK: '3', PORT: 'x' }, rooms)).toThrow(
    /does not fit:\n  PORT: [^]*\n  PROMOTION_MAX_STACK: /,
  );
  expect(envExample(rooms)).toContain('# how many at once\n# PROMOTION_MAX_STACK=1\n');
});

test('a process reads the variables of its own rooms, and ignores those of others', () => {
  expect(readConfig({ PROMOTION_MAX_STACK: 'nonsense' })).toEqual(readConfig({}));
});

test('a variable that is not named after its room stops the start, unless the room gives the reason', () => {
  const known = z.object({ OLD_NAME: z.string().optional().describe('it is old') });
  expect(() => readConfig({}, [room('promotion', known)])).toThrow('OLD_NAME of promotion must begin with PROMOTION_');
  expect(() => readConfig({}, [room('promotion', known, { OLD_NAME: 'users know it' })])).not.toThrow();
  expect(() => readConfig({}, [room('promotion', stack, { OLD_NAME: 'users know it' })])).toThrow(
    'OLD_NAME is an exception of promotion, which declares no such variable',
  );
});

test('a variable with two owners, or without a description, stops the start', () => {
  const port = z.object({ PORT: z.string().optional().describe('a port') });
  expect(() => readConfig({}, [room('promotion', port, { PORT: 'taken' })])).toThrow(
    'PORT is declared by promotion and by the platform',
  );
  expect(() => readConfig({}, [room('promotion', stack), room('promo', stack, { PROMOTION_MAX_STACK: 'x' })])).toThrow(
    'PROMOTION_MAX_STACK is declared by promo and by promotion',
  );
  const mute = z.object({ PROMOTION_X: z.string().optional() });
  expect(() => readConfig({}, [room('promotion', mute)])).toThrow('PROMOTION_X of promotion has no description');
});
