import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { agentDatabases, configSchema, envExample, readConfig } from './config.ts';
import { allowsDemo, allowsSimulator } from './trial-features.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const PRIVATE = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
const PUBLIC = publicKey.export({ type: 'spki', format: 'pem' }) as string;
const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
  type: 'pkcs8',
  format: 'pem',
}) as string;

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
  ['RECOVERY_URL', 'javascript:alert(1)'],
  ['RECOVERY_URL', 'data:text/html,x'],
  ['RECOVERY_URL', 'http://shop.example/account'],
  ['RECOVERY_URL', 'https://shop.example/#/account'],
  ['SIMULATOR_WEBHOOK_URL', 'javascript:alert(1)'],
  ['SIMULATOR_WEBHOOK_URL', 'itself'],
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
  ['TOKEN_PUBLIC_KEY', 'abc'],
  ['TOKEN_PUBLIC_KEY', PRIVATE],
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
  ['RECOVERY_URL', 'https://shop.example/account?lang=en'],
  ['RECOVERY_URL', 'http://127.0.0.1:3000/account'],
  ['SIMULATOR_WEBHOOK_URL', 'self'],
  ['SIMULATOR_WEBHOOK_URL', 'http://gateway:4000/webhooks/payment/simulator'],
  ['CORS_ORIGINS', '*'],
  ['CORS_ORIGINS', 'https://shop.example, http://localhost:3000 capacitor://localhost'],
  ['TOKEN_KEY', PRIVATE],
  ['TOKEN_KEY', PRIVATE.replaceAll('\n', '\\n')],
  ['TOKEN_PUBLIC_KEY', PUBLIC],
  ['TRACES_SHARE', '0.01'],
  ['REFRESH_TOKEN_SECONDS', '31536000'],
])('%s=%s is accepted', (name, value) => {
  expect(() => readConfig({ [name]: value })).not.toThrow();
});

test('no number is without bounds, and none is read but from decimal digits', () => {
  const numeric = Object.entries(readConfig({})).flatMap(([name, value]) =>
    typeof value === 'number' ? [[name, String(value)] as const] : [],
  );
  expect(numeric.length).toBeGreaterThan(15);
  for (const [name, value] of numeric)
    for (const wrong of ['99999999999', '1e1', '0x10', '-1', `${value}.5.`, 'Infinity', `${value} `])
      expect({ name, wrong, refused: isRefused(name, wrong) }).toEqual({ name, wrong, refused: true });
});

test('no address is accepted with a protocol of another kind', () => {
  const addresses = Object.keys(configSchema.shape).filter(
    (name) => name.endsWith('_URL') || name.endsWith('_ENDPOINT'),
  );
  expect(addresses.length).toBeGreaterThan(8);
  for (const name of addresses)
    for (const wrong of ['javascript:alert(1)', 'mysql://localhost/agora', 'file:///tmp/x', 'localhost', '//localhost'])
      expect({ name, wrong, refused: isRefused(name, wrong) }).toEqual({ name, wrong, refused: true });
});

const isRefused = (name: string, value: string): boolean => {
  try {
    readConfig({ [name]: value });
    return false;
  } catch (error) {
    return (error as Error).message.includes(`\n  ${name}: `);
  }
};

test.each([
  [{}, true],
  [{ NODE_ENV: 'test' }, true],
  [{ NODE_ENV: 'production' }, false],
  [{ NODE_ENV: 'production', DEMO_DATA: 'on', PAYMENT_SIMULATOR: 'on' }, true],
  [{ DEMO_DATA: 'off', PAYMENT_SIMULATOR: 'off' }, false],
])('what is there to try Agora out is off in production, unless it is asked for: %j', (environment, isAllowed) => {
  const config = readConfig(environment as Record<string, string>);
  expect([allowsDemo(config), allowsSimulator(config)]).toEqual([isAllowed, isAllowed]);
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
  expect(() => read({ DATABASE_URL_ORDER: 'mysql://order@localhost/hunter2' })).toThrow(/^DATABASE_URL_ORDER: the/);
  expect(() => read({ DATABASE_URL_ORDER: 'hunter2' })).toThrow(
    /^DATABASE_URL_ORDER: the address of a PostgreSQL: [^]*database\.$/,
  );
});

test('the defaults of .env.example may be given as they stand there, and change nothing', () => {
  const lines = [...envExample().matchAll(/^# ([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name!, value!]);
  expect(lines).toContainEqual(['DATABASE_FALLBACK', 'on']);
  expect(readConfig(Object.fromEntries(lines))).toEqual(readConfig({}));
});
